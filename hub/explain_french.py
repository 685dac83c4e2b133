"""The words of `hub explain` in French: the texts of hub/explain_words.py, with the same parts."""

from typing import Final

FR: Final = {
    "summary": "{point}, {flow}, {period} : {total} kWh.",
    "summary_none": "{point}, {period} : l’{flow} n’est pas connue.",
    "flow_import": "énergie soutirée",
    "flow_export": "énergie injectée",
    "counts": "Sur {quarters} : {parts}.",
    "counts_all": "Les {n} quarts d’heure sont tous mesurés.",
    "quarters": "{n} quart d’heure|{n} quarts d’heure",
    "measured": "{n} mesuré|{n} mesurés",
    "derived": "{n} calculé d’après la puissance|{n} calculés d’après la puissance",
    "estimated": "{n} estimé|{n} estimés",
    "questionable": "{n} douteux|{n} douteux",
    "missing": "{n} manquant (ce n’est pas zéro)|{n} manquants (ce n’est pas zéro)",
    "device_counts": "Aucune courbe du gestionnaire n’est connue pour cette période : ce sont les mesures de"
    " l’appareil qui valent.",
    "operator_counts": "C’est la courbe du gestionnaire qui vaut, comme partout où il y en a une.",
    "both_count": "La courbe du gestionnaire vaut pour {quarters}, les mesures de l’appareil pour les autres.",
    "curve_files": "La courbe vient du fichier {files}.|La courbe vient des fichiers {files}.",
    "more_files": "{n} autre|{n} autres",
    "compared": "Là où les deux sont connus, le gestionnaire indique {operator} kWh et l’appareil {device} kWh.",
    "kept": "Pour {quarters}, ce qui a été calculé est conservé tel quel (`hub retention`) : les relevés qui restent ne"
    " le donnent plus.",
    "outdated": "Pour {quarters}, les relevés donnent maintenant autre chose que ce qui est enregistré : le calcul est"
    " en attente (`hub stale`).",
    "events": "Ce qui s’est passé :",
    "no_events": "Aucun relevé des appareils n’a été écarté.",
    "rows": "Quarts d’heure :",
    "nothing": "On ne sait rien de {point}, {period}.",
    "meter": "le compteur {device}",
    "meter_tariff": "l’index {tariff} du compteur {device}",
    "register_total": "l’index total du compteur {device}",
    "register_alone": "l’index de {device}",
    "for_tariff": " pour le poste {tariff}",
    "on_day": "le {day}",
    "on_day_hours": "le {day}, de {start} à {end}",
    "days": "du {start} au {end}",
    "at_hour": "À {hour},",
    "at_day": "Le {day} à {hour},",
    "day_hour": "{day} à {hour}",
    "between": "Entre {start} et {end},",
    "between_day": "Le {day}, entre {start} et {end},",
    "between_days": "Entre le {start} et le {end},",
    "hours": "de {start} à {end}",
    "hours_of_day": "{day}, de {start} à {end}",
    "and": "et",
    "glitch_low": "{at} {meter} a affiché {after} kWh, moins que les {before} kWh d’avant, puis a repris son cours :"
    " ce relevé est écarté.",
    "glitch_high": "{at} {meter} a affiché {after} kWh, ce qui ne s’accorde pas avec les {before} kWh d’avant, puis a"
    " repris son cours : ce relevé est écarté.",
    "held": "{at} {meter} a affiché {after} kWh après {before} kWh, ce qui ne s’accorde pas : ce relevé est écarté"
    " tant que les suivants n’ont pas tranché.",
    "outage": "{at} {meter} a affiché 0 alors qu’il avait déjà compté : c’est une coupure, le relevé est"
    " écarté.|{between} {meter} a affiché 0 dans {n} relevés alors qu’il avait déjà compté : c’est une coupure, ils"
    " sont écartés.",
    "set_back": "{at} {meter} a transmis un relevé pour la seconde fois, et plus élevé que les suivants : son horloge"
    " avait reculé, ce relevé est écarté.|{between} {meter} a transmis {n} relevés pour la seconde fois, et plus élevés"
    " que les suivants : son horloge avait reculé, ils sont écartés.",
    "reset": "{between} {meter} est tombé de {before} à {after} kWh et a continué de là : il a été remis à zéro ou "
    "remplacé. Rien n’est compté entre les deux ; si le compteur a été remplacé, `hub swap` l’enregistre.",
    "leap": "{between} {meter} est monté de {before} à {after} kWh, plus qu’il n’en peut passer dans ce temps : rien"
    " n’est compté entre les deux.",
    "rollover": "{between} {meter} a atteint son dernier nombre et repris à zéro, de {before} à {after} kWh : les"
    " {energy} kWh sont comptés.",
    "swap": "{at} le compteur a été remplacé, comme enregistré{for_tariff} : l’ancien, {device}, a fini à {before} kWh,"
    " le nouveau, {to}, a commencé à {after} kWh. L’index continue de l’un à l’autre.",
    "replaced": "{at} {to} a remplacé {device}, et ce qu’affichaient les deux{for_tariff} n’est pas enregistré :"
    " l’énergie passée entre leurs relevés n’est pas comptée. `hub swap` l’enregistre.",
    "swap_left_out": "{at} le compteur a été remplacé, comme enregistré{for_tariff}, à {before} kWh par un autre à"
    " {after} kWh. Ces index ne s’accordent pas avec les relevés qui les entourent, et sont écartés.",
    "swap_unfit": "{at} le compteur a été remplacé, comme enregistré{for_tariff}, à {before} kWh par un autre à {after}"
    " kWh. Ces index ne s’accordent pas avec les relevés qui les entourent : rien n’est compté entre eux. `hub swap`"
    " les corrige.",
    "swap_unused": "{at} un remplacement du compteur est enregistré{for_tariff}, de {before} à {after} kWh, mais aucun"
    " appareil ne donne les deux index : il ne compte pas encore.",
    "swap_kept": "{at} un remplacement du compteur est enregistré{for_tariff}, de {before} à {after} kWh. Ce qui a été"
    " calculé de ce temps-là est conservé tel quel.",
    "linear": "{between} {meter} n’a rien transmis. Il a compté {energy} kWh entre-temps, répartis régulièrement sur"
    " ce temps.|{between} {meter} a transmis rarement, {n} fois à plus d’une demi-heure d’écart. Il a compté "
    "{energy} kWh, répartis régulièrement entre ses relevés.",
    "still": "{between} {meter} n’a rien transmis, et affichait {after} kWh avant comme après : rien n’est passé.",
    "shape": "{between} {meter} n’a rien transmis. Il a compté {energy} kWh entre-temps, répartis comme aux mêmes"
    " heures {weeks}.",
    "even": "{between} {meter} n’a rien transmis. Aux mêmes heures {weeks}, rien n’est passé : les {energy} kWh qu’il"
    " a comptés entre-temps sont répartis uniformément, ce qui est douteux.",
    "open": "{between} {meter} n’a rien transmis, et a compté {energy} kWh. Aucune semaine voisine n’a été"
    " mesurée à toutes ces heures : elles restent manquantes.",
    "weeks-1": "de la semaine précédente",
    "weeks-2": "des deux semaines précédentes",
    "weeks-3": "des trois semaines précédentes",
    "weeks-4": "des quatre semaines précédentes",
    "weeks+1": "de la semaine suivante",
    "weeks+2": "des deux semaines suivantes",
    "weeks+3": "des trois semaines suivantes",
    "weeks+4": "des quatre semaines suivantes",
    "week-2": "de la deuxième semaine précédente",
    "week-3": "de la troisième semaine précédente",
    "week-4": "de la quatrième semaine précédente",
    "week+2": "de la deuxième semaine suivante",
    "week+3": "de la troisième semaine suivante",
    "week+4": "de la quatrième semaine suivante",
    "row": "{hours} : {energy} kWh, {rule} (qualité {code}, {quality})",
    "row_parts": " ; ",
    "row_missing": "{hours}, manquant : {reason}",
    "row_heard": "son dernier relevé est du {day} à {hour}",
    "row_register": "{meter} de {before} à {after} kWh",
    "row_changed": "{meter} à {before} kWh, puis {to} à {after} kWh",
    "row_apart": "relevés à {n} minute d’écart au plus|relevés à {n} minutes d’écart au plus",
    "row_curve": "puissance moyenne de {watts} W par pas de {n} minute, {nature}"
    "|puissance moyenne de {watts} W par pas de {n} minutes, {nature}",
    "watts": "{low} à {high}",
    "row_device": "l’appareil indique {energy} kWh",
    "row_device_doubt": "l’appareil indique {energy} kWh, {rule} (qualité {code}, {quality})",
    "row_kept": "conservé tel qu’il a été calculé",
    "row_outdated": "les relevés donnent maintenant autre chose",
    "rule_register": "mesuré par l’index",
    "rule_split": "mesuré sur un pas plus long, puis divisé",
    "rule_linear": "réparti régulièrement entre deux relevés",
    "rule_shape": "estimé à l’allure d’autres semaines",
    "rule_even": "réparti uniformément",
    "rule_energy": "comme l’indique l’appareil",
    "rule_average": "d’après la puissance moyenne qu’indique l’appareil",
    "rule_power": "calculé d’après la puissance",
    "rule_curve": "courbe du gestionnaire",
    "rule_operator_split": "courbe du gestionnaire, divisée",
    "rule_operator_split_30": "demi-heures du gestionnaire, divisées",
    "rule_operator_split_60": "heures du gestionnaire, divisées",
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
    "quality_doubted": "{quality} : {reasons}",
    "doubt_night": "produit alors que le soleil était bien au-dessous de l’horizon",
    "doubt_frozen": "la puissance n’a pas changé pendant {n} heure ou plus"
    "|la puissance n’a pas changé pendant {n} heures ou plus",
    "doubt_status": "l’état que lui donne le gestionnaire n’est pas connu",
    "why_unmapped": "aucun appareil ne mesurait alors le point",
    "why_waiting": "le calcul est en attente",
    "why_kept": "ce qui a été calculé de ce temps-là est conservé tel quel",
    "why_removed": "les relevés de ce temps-là ont été supprimés en raison de leur âge",
    "why_no_before": "aucun relevé utilisable de {silent} ne précède",
    "why_no_after": "aucun relevé utilisable de {silent} ne suit",
    "why_replaced": "{to} a alors remplacé {silent}, et ce qu’affichaient les deux n’est pas enregistré",
    "why_break": "{register} est reparti de zéro ou a bondi entre-temps",
    "why_gap": "{silent} n’a rien transmis pendant trop longtemps",
    "why_silent": "un autre index du point, {silent}, n’a rien transmis",
    "why_power": "la puissance de {silent} n’a pas été relevée assez souvent",
}
