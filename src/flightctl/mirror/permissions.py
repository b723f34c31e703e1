"""What a reader may do in NATS, as a piece of the server's configuration.

Each permission names what it lets through to the last token: JetStream checks no more than the subject of a request.
So a consumer has to carry its filter in the subject (the server refuses one whose body says otherwise), and there is
no way to delete, to purge, or to read by sequence. Answers come to an inbox of the user's own: on the common
``_INBOX.>`` everybody would see everybody's.

One thing no permission prevents: a request may name any subject for its answer, and JetStream answers there. In the
account that has the bucket, that may be another user's key. So readers who do not trust each other need accounts of
their own, which import what they may ask for and in which no key is.
"""

from __future__ import annotations

import re

from flightctl.domain.key_space import HEARTBEAT_KEY, token, user_keys
from flightctl.domain.listing import list_user

API = "$JS.API"
_OWN_ACCOUNT = """\
# In the account that has the bucket, this user can have JetStream's answers sent to any subject, other people's keys
# too, and so overwrite them, though not with what they like. An account of the user's own prevents that.
"""
_NAMES = """\
# STREAM.INFO is what a key-value client asks first. Asked with a filter, it tells the names of all keys, other
# people's too, though no values. Leave the line out where that is too much; 'flightctl watch' does without it.
"""


def inbox(user: str) -> str:
    """Where this user's answers come to; clients call it the inbox prefix."""
    return f"_INBOX_{token(user)}"


def password_variable(user: str) -> str:
    """The variable from which the server has this user's password; no two users have the same."""
    return "FLIGHTCTL_NATS_PASSWORD_" + re.sub(r"[^A-Za-z0-9]", lambda found: f"_{ord(found[0]):02X}", user)


def account_api(bucket: str) -> str:
    """What requests to JetStream begin with in a reader's own account; clients call it the API prefix."""
    return f"JS.{bucket}"


def server_permissions(user: str, bucket: str, *, names: bool = True) -> str:
    """An entry of ``users`` in a server's configuration: reads and watches ``users.{user}.>`` and nothing else.

    Without ``names``, nothing tells the names of other people's keys, and clients that bind to the bucket first fail.
    Raises BadUser.
    """
    list_user(user)
    return f"""\
# User {user} of the bucket {bucket}: an entry of `users`, in `authorization` or in the account that has the bucket.
# The password comes from the server's environment, which does not start without it; it may be a bcrypt hash.
# Clients have to use the inbox prefix {inbox(user)}.
{_OWN_ACCOUNT}{_NAMES if names else ""}{_entry(user, _asked(user, bucket, API, names=names))}
"""


def server_account(user: str, bucket: str, *, owner: str, names: bool = True) -> str:
    """An entry of ``accounts``: an account of this user's own beside ``owner``, the one that has the bucket.

    Reads and watches ``users.{user}.>`` and nothing else; there is no subject in it by which a key could be written.
    Raises BadUser.
    """
    list_user(user)
    api = account_api(bucket)
    asked, known = (_asked(user, bucket, prefix, names=names) for prefix in (API, api))
    services = "\n".join(
        f'    {{service: {{account: {owner}, subject: "{there}"}}, to: "{here}"}}'
        for there, here in zip(asked, known, strict=True)
    )
    return f"""\
# User {user} of the bucket {bucket}: an entry of `accounts`. Clients have to use the inbox prefix {inbox(user)} and
# the API prefix {api} ('flightctl config set nats.api {api}').
# The password comes from the server's environment, which does not start without it; it may be a bcrypt hash.
# The account {owner} has to export what is imported here:
#   {{service: "{API}.DIRECT.GET.KV_{bucket}.>", response_type: stream}}
#   {{service: "{API}.CONSUMER.CREATE.KV_{bucket}.>"}}
#   {{service: "{API}.STREAM.INFO.KV_{bucket}"}}
#   {{stream: "{inbox(user)}.>"}}
{_NAMES if names else ""}"reader-{user}": {{
  users: [
{_entry(user, known)}
  ]
  imports: [
{services}
    {{stream: {{account: {owner}, subject: "{inbox(user)}.>"}}}}
  ]
}}
"""


def _entry(user: str, allowed: list[str]) -> str:
    lines = "\n".join(f'        "{subject}"' for subject in allowed)
    return f"""\
{{
  user: "{user}"
  password: ${password_variable(user)}
  permissions: {{
    publish: {{
      allow: [
{lines}
      ]
    }}
    subscribe: {{
      allow: ["{inbox(user)}.>"]
    }}
  }}
}}"""


def _asked(user: str, bucket: str, api: str, *, names: bool) -> list[str]:
    readable = [f"$KV.{bucket}.{keys}" for keys in (user_keys(user), HEARTBEAT_KEY)]
    return [
        *(f"{api}.DIRECT.GET.KV_{bucket}.{keys}" for keys in readable),
        *(f"{api}.CONSUMER.CREATE.KV_{bucket}.*.{keys}" for keys in readable),
        *([f"{api}.STREAM.INFO.KV_{bucket}"] if names else []),
    ]
