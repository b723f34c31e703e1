import pytest

from flightctl.errors import ConfigurationError
from flightctl.providers.transport import check_base_url


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.aviationstack.com/v1", "https://api.aviationstack.com/v1"),
        ("https://api.aviationstack.com/v1/", "https://api.aviationstack.com/v1"),
        ("https://api.aviationstack.com", "https://api.aviationstack.com"),
        ("HTTPS://API.AviationStack.com:8443/V1//", "https://api.aviationstack.com:8443/V1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://127.9.8.7/", "http://127.9.8.7"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://[2001:db8::1]/v1", "https://[2001:db8::1]/v1"),
    ],
)
def test_a_safe_base_url_is_kept_in_one_spelling(given: str, kept: str) -> None:
    assert check_base_url(given, "aviationstack.url") == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://api.aviationstack.com/v1",
        "http://10.0.0.1/v1",
        "http://169.254.169.254/v1",
        "http://[2001:db8::1]/v1",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1%25eth0]/",
        "http://2130706433/",
        "http://127.1/",
        "http://0.0.0.0/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1%2eexample.com/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1\t.example.com/",
    ],
)
def test_plain_http_is_for_the_loopback_only(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_base_url(url, "aviationstack.url")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.aviationstack.com/v1",
        "ftp://api.aviationstack.com/",
        "https://",
        "https:///v1",
        "https://user:hunter22@api.aviationstack.com/",
        "https://api.aviationstack.com/v1?access_key=hunter22",
        "https://api.aviationstack.com/v1?",
        "https://api.aviationstack.com/v1#hunter22",
        "https://api.aviationstack.com:99999/",
        "https://api.aviationstack.com:hunter22/",
        "https://[::1/hunter22",
        "https://[hunter22]/",
        "https://api aviationstack.com/",
        "https://api.aviationstack.com/\nhunter22",
        "https://apí.aviationstack.com/hunter22",
        f"https://{'a' * 64}.com/hunter22",
        "https://a..com/",
    ],
)
def test_what_is_no_base_url_is_refused_by_the_setting_s_name_alone(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_base_url(url, "aviationstack.url")
    assert refused.value.exit_code == 10
    assert "aviationstack.url" in refused.value.message
    assert "hunter22" not in refused.value.message + refused.value.hint + refused.value.cause
