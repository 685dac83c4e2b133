"""What a sharing key does, in a sentence for people who vote on it. Pure."""

from collections.abc import Mapping
from typing import Final

from energy.keys import (
    PPM,
    CustomKey,
    HourlyMinKey,
    IterationsKey,
    KnownKey,
    MatrixKey,
    PriorityKey,
    ProRataKey,
    Round,
    SharingKey,
    StaticKey,
    Surplus,
    surplus_of,
    takers_of,
)
from processing.report_numbers import LANGUAGES, Language, Numbers, hardened

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "prorata": (
        "At each moment, each member has a part of the production in proportion to what it consumes then.",
        "À chaque instant, chacun reçoit une part de la production proportionnelle à ce qu’il consomme alors.",
    ),
    "static": (
        "Each of the {count} members named has a fixed part of the production, whatever it consumes: from {least} to"
        " {most}.",
        "Chacun des {count} membres nommés a une part fixe de la production, quelle que soit sa consommation : de"
        " {least} à {most}.",
    ),
    "static.one": (
        "{member} has a fixed part of the production, {most}, whatever it consumes.",
        "{member} a une part fixe de la production, {most}, quelle que soit sa consommation.",
    ),
    "static.lot": (
        "One member has a fixed part of the production, {most}, whatever it consumes.",
        "Un membre a une part fixe de la production, {most}, quelle que soit sa consommation.",
    ),
    "static.same": (
        "Each of the {count} members named has the same fixed part of the production, {most}, whatever it consumes.",
        "Chacun des {count} membres nommés a la même part fixe de la production, {most}, quelle que soit sa"
        " consommation.",
    ),
    "custom": (
        "The organising entity sets the parts for each step. Steps that are given: {count}.",
        "La personne morale organisatrice fixe les parts à chaque pas. Pas donnés : {count}.",
    ),
    "matrix": (
        "Each producer shares its own production by parts that it sets for each member.",
        "Chaque producteur partage sa production selon des parts fixées pour chaque membre.",
    ),
    "priority": (
        "The members named are served in {count} turns: first {first}, as far as the production goes; then the other"
        " members named, in order, with what is left.",
        "Les membres nommés sont servis en {count} temps : d’abord {first}, tant qu’il y a de la production ; puis les"
        " autres membres nommés, dans l’ordre, avec ce qui reste.",
    ),
    "priority.one": (
        "The members named are served by their weights, and nobody has more than it consumes.",
        "Les membres nommés sont servis selon leur poids, et personne n’a plus qu’il ne consomme.",
    ),
    "iterations": (
        "The production is offered in {count} rounds: {rounds}. What nobody can use of a round is offered again in the"
        " next.",
        "La production est proposée en {count} tours : {rounds}. Ce que personne ne peut utiliser d’un tour est proposé"
        " de nouveau au suivant.",
    ),
    "iterations.one": (
        "The production is offered in one round: {rounds}.",
        "La production est proposée en un seul tour : {rounds}.",
    ),
    "round.fixed": ("{fraction} by fixed parts", "{fraction} selon des parts fixes"),
    "round.prorata": ("{fraction} in proportion to consumption", "{fraction} au prorata des consommations"),
    "hourly_min": (
        "In each hour the lesser of what was injected and what was consumed is shared, in proportion to consumption.",
        "À chaque heure, le plus petit de l’injection et de la consommation est partagé, au prorata des consommations.",
    ),
    "unnamed": (
        " Who is not named in the key has nothing.",
        " Qui n’est pas nommé dans la clé n’a rien.",
    ),
    "unused": (
        " What a member cannot use is surplus.",
        " Ce qu’un membre ne peut pas utiliser devient du surplus.",
    ),
    "kept": (
        " What a member cannot use of its part stays its own.",
        " Ce qu’un membre ne peut pas utiliser de sa part lui reste.",
    ),
    "more": ("{names} and {count} others", "{names} et {count} autres"),
    "some": ("{count} members", "{count} membres"),
    "some.one": ("one member", "un membre"),
}  # fmt: skip
MOST_NAMED: Final = 5


def describe(key: SharingKey, numbers: Numbers, labels: Mapping[str, str] | None) -> str:
    """What the key does.

    Args:
        labels: what members are called; without it nobody is told, for of the school that a key serves first everybody
            would know its pseudonym.
    """

    def say(name: str, **figures: object) -> str:
        return _say(numbers.language, name, **figures)

    match key:
        case ProRataKey():
            sentence = say("prorata")
        case StaticKey(shares_ppm):
            least, most = (numbers.part(of(shares_ppm.values(), default=0) / PPM) for of in (min, max))
            one = "static.lot" if labels is None else "static.one"
            name = one if len(shares_ppm) == 1 else "static.same" if least == most else "static"
            member = _names(shares_ppm, labels, numbers.language)
            sentence = say(name, count=len(shares_ppm), member=member, least=least, most=most)
        case CustomKey(steps_ppm):
            sentence = say("custom", count=numbers.number(len(steps_ppm)))
        case MatrixKey():
            sentence = say("matrix")
        case PriorityKey(levels) if len(levels) > 1:
            sentence = say("priority", count=len(levels), first=_names(levels[0], labels, numbers.language))
        case PriorityKey():
            sentence = say("priority.one")
        case IterationsKey(rounds):
            offers = ", ".join(_offer(part, numbers) for part in rounds)
            name = "iterations.one" if len(rounds) == 1 else "iterations"
            sentence = say(name, count=len(rounds), rounds=offers)
        case HourlyMinKey():
            sentence = say("hourly_min")
    if _is_for_the_named(key):
        sentence += say("unnamed")
    if surplus_of(key) is Surplus.TO_MEMBERS:
        return sentence + say("kept")
    return sentence + say("unused") if isinstance(key, KnownKey) else sentence


def _is_for_the_named(key: SharingKey) -> bool:
    """Whether who is not named in the key has nothing of any energy."""
    is_open = isinstance(key, IterationsKey) and any(part.shares_ppm is None for part in key.rounds)
    return bool(takers_of(key)) and not is_open


def _offer(part: Round, numbers: Numbers) -> str:
    name = "round.prorata" if part.shares_ppm is None else "round.fixed"
    return _say(numbers.language, name, fraction=numbers.part(part.fraction_ppm / PPM))


def _say(language: Language, name: str, **figures: object) -> str:
    return hardened(SENTENCES[name][LANGUAGES.index(language)], language).format(**figures)


def _names(level: Mapping[str, int], labels: Mapping[str, str] | None, language: Language) -> str:
    if labels is None:
        return _say(language, "some.one" if len(level) == 1 else "some", count=len(level))
    names = sorted(labels.get(point, "?") for point in level)
    shown = ", ".join(names[:MOST_NAMED])
    if len(names) <= MOST_NAMED + 1:
        return ", ".join(names)
    return _say(language, "more", names=shown, count=len(names) - MOST_NAMED)
