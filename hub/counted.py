"""How many of something, as a sentence says it."""


def counted(number: int, word: str) -> str:
    """The number and the word, in the plural unless it is one."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
