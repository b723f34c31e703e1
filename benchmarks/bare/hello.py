"""What a hit is held against: the smallest Typer program with two commands."""

import typer

app = typer.Typer(add_completion=False)


@app.command()
def hello(name: str) -> None:
    print(f"hello {name}")


@app.command()
def goodbye(name: str) -> None:
    print(f"goodbye {name}")


if __name__ == "__main__":
    app()
