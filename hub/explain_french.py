"""The words of `hub explain` in French: the texts of hub/explain_words.py, with the same parts."""

from typing import Final

FR: Final = {
    "summary": "{point}, {flow}, {period} : {total} kWh.",
    "summary_none": "{point}, {flow}, {period} : l’énergie n’est pas connue.",
    "flow_import": "énergie soutirée",
    "flow_export": "énergie injectée",
    "counts": "Sur {quarters} : {parts}.",
    "quarters": "{n} quart d’heure|{n} quarts d’heure",
    "measured": "{n} mesuré|{n} mesurés",
    "derived": "{n} calculé d’après la puissance|{n} calculés d’après la puissance",
    "estimated": "{n} estimé|{n} estimés",
    "missing": "{n} manquant (ce n’est pas zéro)|{n} manquants (ce n’est pas zéro)",
    "device_counts": "Aucune courbe du gestionnaire n’est connue : c’est l’appareil qui compte.",
    "operator_counts": "C’est la courbe du gestionnaire qui compte, comme partout où il y en a une.",
    "both_count": "La courbe du gestionnaire compte pour {quarters}, l’appareil pour les autres.",
    "curve_files": "La courbe vient du fichier {files}.|La courbe vient des fichiers {files}.",
    "more_files": "{n} autre|{n} autres",
    "compared": "Là où les deux sont connus, le gestionnaire indique {operator} kWh et l’appareil {device} kWh.",
    "outdated": "Pour {quarters}, les relevés donnent maintenant autre chose que ce qui est enregistré : le calcul est"
    " en attente (`hub stale`), ou les relevés ont été supprimés en raison de leur âge.",
    "events": "Ce qui s’est passé :",
    "no_events": "Aucun relevé des appareils n’a été écarté.",
    "rows": "Quarts d’heure :",
    "nothing": "On ne sait rien de {point}, {period}.",
    "meter": "le compteur {device}",
    "meter_tariff": "l’index {tariff} du compteur {device}",
    "on_day": "le {day}",
    "on_day_hours": "le {day}, de {start} à {end}",
    "days": "du {start} au {end}",
    "at_hour": "À {hour},",
    "at_day": "Le {day} à {hour},",
    "day_hour": "{day} à {hour}",
    "between": "Entre {start} et {end},",
    "between_days": "Entre le {start} et le {end},",
    "hours": "de {start} à {end}",
    "hours_of_day": "{day}, de {start} à {end}",
    "and": "et",
    "glitch_low": "{at} {meter} a montré {after} kWh, moins que les {before} kWh d’avant, puis il est revenu à son"
    " ancienne valeur : ce relevé est écarté.",
    "glitch_high": "{at} {meter} a montré {after} kWh, ce qui ne s’accorde pas avec les {before} kWh d’avant, puis il"
    " est revenu à son ancienne valeur : ce relevé est écarté.",
    "held": "{at} {meter} a montré {after} kWh après {before} kWh, ce qui ne s’accorde pas : ce relevé est écarté tant"
    " que les suivants n’ont pas tranché.",
    "outage": "{at} {meter} a montré 0 alors qu’il avait déjà compté : c’est une coupure, le relevé est écarté.|"
    "{between} {meter} a montré 0 dans {n} relevés alors qu’il avait déjà compté : c’est une coupure, ils sont"
    " écartés.",
    "reset": "{between} {meter} est tombé de {before} à {after} kWh et y est resté : il a été remis à zéro ou remplacé."
    " Rien n’est compté entre les deux ; si le compteur a été remplacé, `hub swap` le consigne.",
    "leap": "{between} {meter} est monté de {before} à {after} kWh, plus qu’il n’en peut passer dans ce temps : rien"
    " n’est compté entre les deux.",
    "rollover": "{between} {meter} a atteint son dernier nombre et repris à zéro, de {before} à {after} kWh : les"
    " {energy} kWh sont comptés.",
    "swap": "{at} le compteur a été remplacé, comme consigné : l’ancien, {device}, a fini à {before} kWh, le nouveau,"
    " {to}, a commencé à {after} kWh. Les deux sont comptés.",
    "swap_left_out": "{at} le compteur a été remplacé, comme consigné, à {before} kWh par un autre à {after} kWh. Ces"
    " index ne s’accordent pas avec les relevés qui les entourent, et sont écartés.",
    "swap_unused": "{at} un remplacement du compteur est consigné, de {before} à {after} kWh, mais aucun appareil ne"
    " donne les deux index : il ne compte pas encore.",
    "linear": "{between} {meter} n’a rien transmis : ses {energy} kWh sont estimés en ligne droite.|"
    "{between} {meter} a transmis rarement, {n} fois à plus d’une demi-heure d’écart : ses {energy} kWh sont"
    " estimés en ligne droite.",
    "still": "{between} {meter} n’a rien transmis, et montrait {after} kWh avant comme après : rien n’est passé.",
    "shape": "{between} {meter} n’a rien transmis. Les {energy} kWh qu’il a comptés entre-temps sont estimés"
    " d’après les mêmes heures de {weeks}.",
    "even": "{between} {meter} n’a rien transmis. Aux mêmes heures de {weeks}, rien n’est passé : les"
    " {energy} kWh qu’il a comptés entre-temps sont répartis uniformément, ce qui est douteux.",
    "open": "{between} {meter} n’a rien transmis, et a compté {energy} kWh. Aucune semaine voisine n’a été"
    " mesurée à toutes ces heures : elles restent manquantes.",
    "week-1": "la semaine d’avant",
    "week-2": "la deuxième semaine avant",
    "week-3": "la troisième semaine avant",
    "week-4": "la quatrième semaine avant",
    "week+1": "la semaine d’après",
    "week+2": "la deuxième semaine après",
    "week+3": "la troisième semaine après",
    "week+4": "la quatrième semaine après",
    "row": "{hours} : {energy} kWh, {rule} (qualité {code}, {quality})",
    "row_parts": " ; ",
    "row_missing": "{hours} : manquant, {reason}",
    "row_register": "{meter} de {before} à {after} kWh",
    "row_changed": "{meter} à {before} kWh, puis {to} à {after} kWh",
    "row_apart": "relevés à {n} minute d’écart au plus|relevés à {n} minutes d’écart au plus",
    "row_curve": "puissance moyenne de {watts} W par pas de {n} minute, {nature}"
    "|puissance moyenne de {watts} W par pas de {n} minutes, {nature}",
    "watts": "{low} à {high}",
    "row_device": "l’appareil indique {energy} kWh",
    "row_outdated": "les relevés donnent maintenant autre chose",
    "rule_register": "mesuré par l’index",
    "rule_split": "mesuré sur un pas plus long, puis divisé",
    "rule_linear": "estimé en ligne droite",
    "rule_shape": "estimé selon la forme d’autres semaines",
    "rule_even": "réparti uniformément",
    "rule_energy": "comme l’indique l’appareil",
    "rule_average": "d’après la puissance moyenne qu’indique l’appareil",
    "rule_power": "calculé d’après la puissance",
    "rule_curve": "courbe du gestionnaire",
    "rule_operator_split": "courbe du gestionnaire, divisée",
    "nature_metered": "brute",
    "nature_completed": "complétée",
    "nature_corrected": "corrigée",
    "quality_0": "valide",
    "quality_8": "estimée",
    "quality_9": "estimée",
    "quality_10": "douteuse",
    "quality_11": "calculée",
    "quality_13": "mélangée",
    "quality_14": "brute",
    "quality_17": "validée",
    "quality_19": "apte à la facturation",
    "quality_other": "autre",
    "why_unmapped": "aucun appareil ne mesurait alors le point",
    "why_waiting": "le calcul est en attente",
    "why_no_before": "aucun relevé utilisable de {silent} avant",
    "why_no_after": "aucun relevé utilisable de {silent} après",
    "why_break": "{silent} a été remis à zéro, ou a fait un saut, entre-temps",
    "why_gap": "{silent} n’a rien transmis pendant trop longtemps",
    "why_silent": "un autre index du point, {silent}, n’a rien transmis",
    "why_power": "la puissance de {silent} n’a pas été relevée assez souvent",
}
