// What the page says of whole months, in English and in French, side by side: what sharing was worth, how evenly it was
// shared, and how the operator's figures differ. Strict JSON, as in texts.js.
export const TEXTS = {
  "value.title": ["What sharing was worth", "Ce qu’a valu le partage"],
  "value.running": ["{month}, so far", "{month}, jusqu’ici"],
  "value.loading": ["Reading the month…", "Lecture du mois…"],
  "value.failed": ["What sharing was worth cannot be read.", "Ce qu’a valu le partage ne peut pas être lu."],
  "value.none": [
    "Not computed yet: this takes some minutes after the day’s balance.",
    "Pas encore calculé\u00a0: cela demande quelques minutes après le bilan du jour."
  ],
  "value.untold": [
    "No euros: no tariff covers all of what is known of this month.",
    "Pas d’euros\u00a0: aucun tarif ne couvre tout ce qui est connu de ce mois."
  ],
  "value.part": [
    "{part} of the whole month’s readings are known.",
    "{part} des mesures du mois entier sont connues."
  ],
  "value.pending": [
    "The figures are being made anew; this takes some minutes.",
    "Les chiffres sont en cours de recalcul\u202f; cela demande quelques minutes."
  ],
  "value.saving_eur": ["Saved by members", "Économisé par les membres"],
  "value.saving_eur.is": [
    "what the shared energy would have cost at a supplier, less its local price and fees",
    "ce que l’énergie partagée aurait coûté chez un fournisseur, moins son prix local et les frais"
  ],
  "value.revenue_eur": ["Earned by producers", "Gagné par les producteurs"],
  "value.revenue_eur.is": [
    "paid by members for what they were allocated, plus the surplus sold",
    "payé par les membres pour ce qui leur a été affecté, plus le surplus vendu"
  ],
  "value.local_value_rate": ["Local value retained", "Valeur locale retenue"],
  "value.local_value_rate.is": [
    "of what the shared energy is worth, the part paid to producers here",
    "de ce que vaut l’énergie partagée, la part payée aux producteurs d’ici"
  ],
  "equity.title": ["How evenly it was shared", "Un partage plus ou moins égal"],
  "equity.note": [
    "Jain: 1 when all have the same. Gini: 0 when all have the same. Need: 1 when what members have follows what they consume. Parity: below 1, the group has less of the energy than of the consumption. Groups of three members or more.",
    "Jain\u00a0: 1 si tous ont autant. Gini\u00a0: 0 si tous ont autant. Besoin\u00a0: 1 si ce qu’ont les membres suit leur consommation. Parité\u00a0: en dessous de 1, le groupe a moins de l’énergie que de la consommation. Groupes d’au moins trois membres."
  ],
  "equity.group": ["Group (members)", "Groupe (membres)"],
  "equity.all": ["All members", "Tous les membres"],
  "equity.jain": ["Jain", "Jain"],
  "equity.gini": ["Gini", "Gini"],
  "equity.share_against_need": ["Need", "Besoin"],
  "equity.parity": ["Parity", "Parité"],
  "results.title": ["Operator’s settlement", "Décompte du gestionnaire"],
  "results.note": [
    "What the grid operator settled by and what the hub computed, furthest apart first, with the cause that the hub knows. A line shows, in kWh, the result that is furthest apart: all that the point withdrew or injected, or what of it was shared, bought or surplus.",
    "Ce que le gestionnaire de réseau a décompté et ce que le hub a calculé, les plus grands écarts d’abord, avec la cause que le hub connaît. Chaque ligne montre, en kWh, le résultat le plus éloigné\u00a0: tout ce que le point a soutiré ou injecté, ou ce qui en a été partagé, acheté ou reste en surplus."
  ],
  "results.point": ["Point", "Point"],
  "results.result": ["Result", "Résultat"],
  "results.import.cons": ["withdrawn", "soutiré"],
  "results.import.autocons": ["withdrawn: shared", "soutiré\u00a0: partagé"],
  "results.import.complement": ["withdrawn: bought", "soutiré\u00a0: acheté"],
  "results.export.prod": ["injected", "injecté"],
  "results.export.autocons": ["injected: shared", "injecté\u00a0: partagé"],
  "results.export.surplus": ["injected: surplus", "injecté\u00a0: surplus"],
  "results.hub": ["Hub", "Hub"],
  "results.operator": ["Operator", "Gestionnaire"],
  "results.apart": ["Difference", "Écart"],
  "results.share": ["% of what is apart", "% des écarts"],
  "results.why": ["Why", "Pourquoi"],
  "results.agree.one": ["{n} flow agrees, within rounding.", "{n} flux concorde, aux arrondis près."],
  "results.agree.other": ["{n} flows agree, within rounding.", "{n} flux concordent, aux arrondis près."],
  "cause.hub_incomplete": ["The hub does not know all of the month.", "Le hub ne connaît pas tout le mois."],
  "cause.meter": [
    "The energy measured differs: the meter or the curve, not the key.",
    "L’énergie mesurée diffère\u00a0: le compteur ou la courbe, pas la clé."
  ],
  "cause.key": [
    "The energy measured agrees, what was shared does not: the key or its coefficients.",
    "L’énergie mesurée concorde, l’énergie partagée non\u00a0: la clé ou ses coefficients."
  ],
  "cause.others": [
    "Follows what other points measured: see them first.",
    "Découle des mesures d’autres points\u00a0: les voir d’abord."
  ],
  "cause.unclear": [
    "The operator does not tell the energy measured.",
    "Le gestionnaire ne donne pas l’énergie mesurée."
  ],
  "cause.unknown_to_operator": ["The operator has no result of it.", "Le gestionnaire n’en a aucun résultat."],
  "cause.unknown_to_hub": [
    "By the hub, not a member with this flow in that month.",
    "Selon le hub, pas membre avec ce flux ce mois-là."
  ],
  "residuals.title": ["Operator and devices", "Gestionnaire et appareils"],
  "residuals.note": [
    "What the grid operator’s files and the devices say of the same quarter-hours, furthest apart first: a meter that counts wrong comes out on top. Energy in kWh.",
    "Ce que les fichiers du gestionnaire de réseau et les appareils disent des mêmes quarts d’heure, les plus grands écarts d’abord\u00a0: un compteur qui compte mal est en tête. Énergie en kWh."
  ],
  "residuals.point": ["Point", "Point"],
  "residuals.flow": ["Flow", "Flux"],
  "residuals.import": ["withdrawn", "soutiré"],
  "residuals.export": ["injected", "injecté"],
  "residuals.operator": ["Operator", "Gestionnaire"],
  "residuals.device": ["Device", "Appareil"],
  "residuals.residual": ["Device more (+) or less (−)", "Appareil en plus (+) ou en moins (−)"],
  "residuals.rate": ["% of the operator’s", "% du gestionnaire"],
  "residuals.compared": ["Quarter-hours compared", "Quarts d’heure comparés"],
  "residuals.alone": ["Known by one alone", "Connus d’un seul"],
  "index.title": ["By the operator’s index", "Selon l’index du gestionnaire"],
  "index.note": [
    "The energy between two indexes of the meter, and how far the operator’s curve and the device are from it over the stretches that they know whole. Energy in kWh.",
    "L’énergie entre deux index du compteur, et l’écart de la courbe du gestionnaire et de l’appareil sur les périodes qu’ils connaissent en entier. Énergie en kWh."
  ],
  "index.energy": ["Between indexes", "Entre les index"],
  "index.stretches": ["Stretches", "Périodes"],
  "index.curve": ["Curve more (+) or less (−)", "Courbe en plus (+) ou en moins (−)"],
  "index.device": ["Device more (+) or less (−)", "Appareil en plus (+) ou en moins (−)"],
  "index.rate": ["% of the index", "% de l’index"]
};
