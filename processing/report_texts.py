"""What the report of a comparison says, in English and in French. Pure."""

from html import escape
from typing import Final

from processing.report_numbers import LANGUAGES, Language, hardened

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Comparing sharing keys", "Comparer des clés de répartition"),
    "made": ("Drawn up on {day}", "Établi le {day}"),
    "lead": (
        "What each key would have given the members {months}, replayed on what was measured.",
        "Ce que chaque clé aurait donné aux membres {months}, en rejouant ce qui a été mesuré.",
    ),
    "simulated": ("These figures come from a simulation.", "Ces chiffres viennent d’une simulation."),
    "short": ("In short", "En bref"),
    "short.today": (
        "The members consumed {consumption} kWh and injected {production} kWh. With today’s key, {allocated} kWh were"
        " shared: {rate} of the production.",
        "Les membres ont consommé {consumption} kWh et injecté {production} kWh. Avec la clé d’aujourd’hui,"
        " {allocated} kWh ont été partagés : {rate} de la production.",
    ),
    "short.best": (
        "{titles} would have shared the most: {allocated} kWh, {difference} kWh against today.",
        "{titles} aurait partagé le plus : {allocated} kWh, soit {difference} kWh par rapport à aujourd’hui.",
    ),
    "short.best.equal": (
        "{titles} would have shared the most, the same: {allocated} kWh, {difference} kWh against today.",
        "{titles} auraient partagé le plus, à égalité : {allocated} kWh, soit {difference} kWh par rapport à"
        " aujourd’hui.",
    ),
    "quoted": ("“{title}”", "« {title} »"),
    "short.equal": (
        "{titles} would have shared as much energy as today’s key; none would have shared more.",
        "{titles} aurait partagé autant d’énergie que la clé d’aujourd’hui, et aucune n’en aurait partagé plus.",
    ),
    "short.equals": (
        "{titles} would each have shared as much energy as today’s key; none would have shared more.",
        "{titles} auraient chacune partagé autant d’énergie que la clé d’aujourd’hui, et aucune n’en aurait partagé"
        " plus.",
    ),
    "short.less": (
        "Each of the proposed keys would have shared less energy than today’s.",
        "Chacune des clés proposées aurait partagé moins d’énergie que celle d’aujourd’hui.",
    ),
    "short.known": (
        "{rate} of the period is known, days to come included. What is missing is missing under every key alike.",
        "{rate} de la période est connue, jours à venir compris. Ce qui manque fait défaut de la même façon sous toutes"
        " les clés.",
    ),
    "short.without_key": (
        "Steps that were left out, as no key was in force then: {count}.",
        "Pas laissés de côté, faute de clé en vigueur : {count}.",
    ),
    "short.members": (
        "Shared with each member, in kWh: what it had (today), and how much more or less it would have had",
        "Partagé avec chaque membre, en kWh : ce qu’il a eu (aujourd’hui), et combien de plus ou de moins il aurait eu",
    ),
    "short.no_euros": (
        "Nothing is said in euros: the community has declared no tariff for these months.",
        "Rien n’est dit en euros : la communauté n’a pas déclaré de tarif pour ces mois.",
    ),
    "short.some_euros": (
        "Euros count only the months for which a tariff is declared.",
        "Les euros ne comptent que les mois pour lesquels un tarif est déclaré.",
    ),
    "short.kept": (
        "Where members keep what they cannot use of their part, euros are too favourable: what they would pay for it is"
        " not counted.",
        "Quand les membres gardent ce qu’ils ne peuvent pas utiliser de leur part, les euros sont trop favorables : ce"
        " qu’ils la paieraient n’est pas compté.",
    ),
    "short.names": (
        "Members are called M1, M2… by lot, and anew in each report. It is no secrecy: whoever knows what a member"
        " consumed can find its line; where only one of them also produces, everybody can find that one’s.",
        "Les membres s’appellent M1, M2… par tirage au sort, refait à chaque rapport. Ce n’est pas un anonymat : qui"
        " connaît la consommation d’un membre peut retrouver sa ligne ; si un seul d’entre eux produit aussi, tout le"
        " monde peut retrouver la sienne.",
    ),
    "keys": ("The keys compared", "Les clés comparées"),
    "today": ("Today", "Aujourd’hui"),
    "side": ("The keys side by side", "Les clés côte à côte"),
    "side.best": (
        "★ marks the best of a row for the members as a whole. No row says which key is just.",
        "★ signale le meilleur de chaque ligne pour l’ensemble des membres. Aucune ligne ne dit quelle clé est juste.",
    ),
    "short.star": (
        "*: the best of the row for the members as a whole; no row says which key is just",
        "* : le meilleur de la ligne pour l’ensemble des membres ; aucune ligne ne dit quelle clé est juste",
    ),
    "best": ("best", "meilleur"),
    "measure": ("Measure", "Mesure"),
    "row.allocated": ("Energy shared (kWh)", "Énergie partagée (kWh)"),
    "row.self_consumption": ("Part of the production that is shared", "Part de la production qui est partagée"),
    "row.self_sufficiency": (
        "Rate of self-sufficiency: shared energy over consumption",
        "Taux d’autoproduction : énergie partagée sur consommation",
    ),
    "row.surplus": ("Surplus, used by no member (kWh)", "Surplus, qu’aucun membre n’a utilisé (kWh)"),
    "row.saving": ("Saved by members who consume", "Économie des membres qui consomment"),
    "row.revenue": ("Revenue of producers", "Recette des producteurs"),
    "row.revenue.kept": (
        "Revenue of producers, and of members for what they keep",
        "Recette des producteurs, et des membres pour ce qu’ils gardent",
    ),
    "row.local": (
        "Local value retained: the part paid to producers here",
        "Valeur locale retenue : part payée aux producteurs d’ici",
    ),
    "row.gaining": ("Members who gain energy", "Membres qui gagnent de l’énergie"),
    "row.losing": ("Members who lose energy", "Membres qui perdent de l’énergie"),
    "row.most_lost": ("Most that one member loses (kWh)", "Perte la plus forte d’un membre (kWh)"),
    "row.gini": ("Inequality of what members have (Gini)", "Inégalité de ce qu’ont les membres (Gini)"),
    "row.jain": ("Equality of what members have (Jain)", "Égalité de ce qu’ont les membres (Jain)"),
    "row.min_max": ("Who has least, over who has most", "Le moins servi rapporté au plus servi"),
    "row.need": ("How far it follows consumption", "Proximité avec les consommations"),
    "row.p90_p10": (
        "Gap between members’ rates of self-sufficiency (P90-P10)",
        "Écart entre les taux d’autoproduction des membres (P90-P10)",
    ),
    "who": ("Who would have gained, who would have lost", "Qui aurait gagné, qui aurait perdu"),
    "who.lead": (
        "Energy shared with each member, against today, over all the months. Bars to the right, or upwards, are gains;"
        " to the left, or downwards, losses.",
        "Énergie partagée avec chaque membre, par rapport à aujourd’hui, sur tous les mois. Les barres à droite, ou"
        " vers le haut, sont des gains ; à gauche, ou vers le bas, des pertes.",
    ),
    "who.eur": (
        "Euros are what a member saves more or less; what it is paid, for what it injects or for a share that it keeps,"
        " is added in the table at the end.",
        "Les euros sont ce qu’un membre économise de plus ou de moins ; ce qu’il touche, pour ce qu’il injecte ou pour"
        " une part qu’il garde, s’y ajoute dans le tableau de la fin.",
    ),
    "who.more": ("{count} members would have had more", "{count} membres auraient eu plus"),
    "who.more.one": ("one member would have had more", "un membre aurait eu plus"),
    "who.more.none": ("nobody would have had more", "personne n’aurait eu plus"),
    "who.less": ("{count} less", "{count} moins"),
    "who.less.one": ("one less", "un moins"),
    "who.less.none": ("nobody less", "personne moins"),
    "who.same": ("for {count} nothing changes (less than 1 kWh)", "pour {count}, rien ne change (moins de 1 kWh)"),
    "who.same.one": ("for one nothing changes (less than 1 kWh)", "pour un seul, rien ne change (moins de 1 kWh)"),
    "who.most": ("Most gained: {member}, {kwh} kWh{eur}.", "Plus fort gain : {member}, {kwh} kWh{eur}."),
    "who.least": ("Most lost: {member}, {kwh} kWh{eur}.", "Plus forte perte : {member}, {kwh} kWh{eur}."),
    "who.chart": (
        "Gains and losses of each member in kWh under {title}",
        "Gains et pertes de chaque membre en kWh avec la clé « {title} »",
    ),
    "month": ("Month by month", "Mois par mois"),
    "month.lead": (
        "Part of the production that is shared. The bar is the key, the black dash is today’s.",
        "Part de la production qui est partagée. La barre est la clé, le trait noir celle d’aujourd’hui.",
    ),
    "month.chart": (
        "Part of the production shared in each month under {title}",
        "Part de la production partagée chaque mois avec la clé « {title} »",
    ),
    "even": ("How evenly it is spread", "L’égalité de la répartition"),
    "even.lead": (
        "Each dot is a member, at its rate of self-sufficiency: shared energy over its consumption. The bar holds eight"
        " members out of ten; the line is the one in the middle.",
        "Chaque point est un membre, placé à son taux d’autoproduction : énergie partagée sur consommation. La bande"
        " contient huit membres sur dix ; le trait est celui du milieu.",
    ),
    "even.chart": (
        "Rate of self-sufficiency of each member under each key",
        "Taux d’autoproduction de chaque membre avec chaque clé",
    ),
    "indicator": ("Indicator", "Indicateur"),
    "group": ("Group", "Groupe"),
    "season": ("Season", "Saison"),
    "winter": ("winter", "hiver"),
    "spring": ("spring", "printemps"),
    "summer": ("summer", "été"),
    "autumn": ("autumn", "automne"),
    "category": ("By category and group", "Par catégorie et par groupe"),
    "category.is": (
        "1: the group has of the shared energy the part that it has of the consumption; below 1, less.{few}",
        "1 : le groupe a, de l’énergie partagée, la part qu’il a de la consommation ; en dessous de 1, moins.{few}",
    ),
    "category.few": (
        " A group that would give fewer than {count} members away is left out.",
        " Un groupe qui ferait reconnaître moins de {count} membres est laissé de côté.",
    ),
    "seasons": ("By season: inequality (Gini)", "Par saison : inégalité (Gini)"),
    "seasons.is": (
        "0: all have the same; near 1: one has everything.",
        "0 : tous ont autant ; près de 1 : un seul a tout.",
    ),
    "sold": ("Producers", "Producteurs"),
    "sold.lead": (
        "Of what each injected, what members had (kWh){eur}.",
        "De ce que chacun a injecté, ce que des membres ont eu (kWh){eur}.",
    ),
    "sold.eur": (", and its revenue", ", et sa recette"),
    "producer": ("Producer", "Producteur"),
    "injected": ("Injected (kWh)", "Injecté (kWh)"),
    "caveats": ("What these figures say, and what they do not", "Ce que ces chiffres disent, et ne disent pas"),
    "caveat.past": (
        "They are about past months. Weather, habits, heat pumps and cars change; so do the members.",
        "Ils portent sur des mois passés. La météo, les habitudes, les pompes à chaleur et les voitures changent ; les"
        " membres aussi.",
    ),
    "caveat.new": (
        "Keys with fixed parts name members one by one. Somebody who joins later has no part until the key is changed,"
        " and the part of somebody who leaves becomes surplus.",
        "Les clés à parts fixes nomment les membres un à un. Qui arrive plus tard n’a pas de part tant que la clé n’est"
        " pas modifiée, et la part de qui s’en va devient du surplus.",
    ),
    "caveat.habits": (
        "Nobody is assumed to change habits under another key. With some keys it pays to consume when the sun shines.",
        "Personne n’est supposé changer ses habitudes avec une autre clé. Avec certaines, consommer quand le soleil"
        " brille devient intéressant.",
    ),
    "caveat.operator": (
        "The distribution operator computes what is billed, and may round differently.",
        "C’est le gestionnaire de réseau qui calcule ce qui est facturé ; il peut arrondir autrement.",
    ),
    "caveat.just": (
        "No indicator says what is just. That is for the members to decide.",
        "Aucun indicateur ne dit ce qui est juste. C’est aux membres d’en décider.",
    ),
    "annex": ("Member by member", "Membre par membre"),
    "annex.lead": (
        "What is shared today (kWh), and more or less of it under each key (kWh{eur}).",
        "Ce qui est partagé aujourd’hui (kWh), et ce qu’il y a de plus ou de moins avec chaque clé (kWh{eur}).",
    ),
    "annex.eur": (
        "; in euros, savings and revenue together",
        " ; en euros, économie et recette ensemble",
    ),
    "member": ("Member", "Membre"),
    "is": ("Category", "Catégorie"),
    "consumed": ("Consumed (kWh)", "Consommé (kWh)"),
    "foot": (
        "Made by Enercommons from the community’s own data.",
        "Établi par Enercommons avec les données de la communauté.",
    ),
}  # fmt: skip
"""Each text in English and French."""


def plain(language: Language, name: str, **figures: object) -> str:
    """A text in a language, as it is read."""
    return hardened(TEXTS[name][LANGUAGES.index(language)], language).format(**figures)


def said(language: Language, name: str, **figures: object) -> str:
    """A text in a language, as HTML; figures and names in it are escaped, too."""
    return escape(plain(language, name, **figures), quote=False)
