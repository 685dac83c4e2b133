"""What `hub COMMAND --help` says first."""

import pytest

from hub.cli import parser


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import",), "Import load curves, indexes and the operator's own results from files."),
        (("import", "settlement"), "The operator's own results of a community, as JSON or CSV."),
        (("export", "coefficients"), "Which part of each producer is whose, for the operator."),
        (("value",), "Show what sharing was worth to each in EUR, and how evenly it was shared."),
    ],
)
def test_the_help_of_a_command_says_what_it_does(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([*words, "--help"])
    assert sentence in " ".join(capsys.readouterr().out.split())
