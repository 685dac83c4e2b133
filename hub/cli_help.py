"""What argparse leaves out of the help of a command: the sentence that the list of commands has of it."""

import argparse


def described(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser, the help of whose commands now begins with what the list of commands says of them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word in action._choices_actions:
                command, said = action.choices[word.dest], word.help or ""
                command.description = f"{said[:1].upper()}{said[1:]}."
                described(command)
    return parser
