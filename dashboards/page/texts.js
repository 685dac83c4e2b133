// Every word of the page but those of whole months, in English and in French, side by side. The object is strict JSON so
// that tests read it too.
// In French, \u202f is the thin space before ; ! ? and \u00a0 the space before a colon.
export const TEXTS = {
  "title": ["{community}, {day} · Enercommons", "{community}, {day} · Enercommons"],
  "skip": ["Skip to the day’s balance", "Aller au bilan du jour"],
  "nav.community": ["Community", "Communauté"],
  "nav.language": ["Language", "Langue"],
  "nav.day": ["Day shown", "Jour affiché"],
  "nav.previous": ["Previous day", "Jour précédent"],
  "nav.next": ["Next day", "Jour suivant"],
  "nav.today": ["Today", "Aujourd’hui"],
  "nav.latest": ["Latest day", "Dernier jour"],
  "nav.pick": ["Choose a date", "Choisir une date"],
  "live.on": ["Live", "En direct"],
  "live.wait": ["Reconnecting", "Reconnexion"],
  "live.off": ["Not live", "Direct interrompu"],
  "ribbon.title": ["Simulated data.", "Données simulées."],
  "ribbon.text": [
    "These meters do not exist; everything after them is computed as it would be for real ones.",
    "Ces compteurs n’existent pas\u202f; tout le reste est calculé comme pour de vrais compteurs."
  ],
  "loading": ["Reading the day…", "Lecture de la journée…"],
  "lead.day": [
    "{rate} of the members’ electricity came from their own shared production.",
    "{rate} de l’électricité des membres venait de leur production partagée."
  ],
  "lead.today": [
    "Since midnight, {rate} of the members’ electricity has come from their own shared production.",
    "Depuis minuit, {rate} de l’électricité des membres vient de leur production partagée."
  ],
  "lead.dark": [
    "No local production: members bought {energy} from their suppliers.",
    "Pas de production locale\u00a0: les membres ont acheté {energy} à leurs fournisseurs."
  ],
  "lead.unused": [
    "{energy} produced locally, and no consumption recorded.",
    "{energy} produits sur place, et aucune consommation relevée."
  ],
  "key.prorata": ["shared in proportion to consumption", "partage au prorata des consommations"],
  "key.static": ["shared in fixed parts", "partage à parts fixes"],
  "key.custom": ["shared in parts set for each interval", "partage à parts fixées pour chaque intervalle"],
  "key.matrix": ["shared in parts of each producer of its own", "partage par couples de producteur et de membre"],
  "key.priority": ["shared by levels of priority", "partage par niveaux de priorité"],
  "key.iterations": ["shared in successive rounds", "partage en tours successifs"],
  "key.hourly_min": [
    "the lesser of what each hour injects and withdraws is shared",
    "partage du minimum de chaque heure, entre injecté et soutiré"
  ],
  "key.other": ["sharing key: {type}", "clé de répartition\u00a0: {type}"],
  "surplus.to_members": ["an unused share stays the member’s", "une part inutilisée reste au membre"],
  "points.one": ["{n} metering point", "{n} point de mesure"],
  "points.other": ["{n} metering points", "{n} points de mesure"],
  "status.settled": ["Settled: every expected reading is in.", "Arrêté\u00a0: toutes les mesures attendues sont là."],
  "status.so_far": [
    "Every reading so far is in; the figures do not cover the whole day.",
    "Toutes les mesures attendues jusqu’ici sont là\u202f; les chiffres ne couvrent pas toute la journée."
  ],
  "status.part": [
    "{part} of the whole day’s readings are known.",
    "{part} des mesures de la journée entière sont connues."
  ],
  "status.provisional.one": [
    "Provisional: {n} interval still awaits readings.",
    "Provisoire\u00a0: {n} intervalle attend encore des mesures."
  ],
  "status.provisional.other": [
    "Provisional: {n} intervals still await readings.",
    "Provisoire\u00a0: {n} intervalles attendent encore des mesures."
  ],
  "status.missing.one": ["{n} interval has no reading at all.", "{n} intervalle est sans aucune mesure."],
  "status.missing.other": ["{n} intervals have no reading at all.", "{n} intervalles sont sans aucune mesure."],
  "quality.estimated": ["Some values are estimated.", "Certaines valeurs sont estimées."],
  "quality.questionable": ["Some values are questionable.", "Certaines valeurs sont douteuses."],
  "now.title": ["Right now", "En ce moment"],
  "now.consumption": ["consumed", "consommés"],
  "now.production": ["produced", "produits"],
  "now.heard": ["At {time}, {points} of {expected} points heard.", "À {time}, {points} points entendus sur {expected}."],
  "now.waiting": ["Asking the hub…", "Interrogation du hub…"],
  "now.silent": ["No point heard in the last minutes.", "Aucun point entendu ces dernières minutes."],
  "figures.title": ["The day in energy", "La journée en énergie"],
  "figure.production": ["Production", "Production"],
  "figure.production.is": ["fed into the grid by members", "injectée dans le réseau par les membres"],
  "figure.surplus": ["Surplus", "Surplus"],
  "figure.surplus.is": ["produced, but used by no member", "produit, mais qu’aucun membre n’a utilisé"],
  "figure.shared": ["Shared", "Partagé"],
  "figure.shared.is": ["produced and used by members at the same time", "produit et utilisé par les membres au même moment"],
  "figure.bought": ["Bought", "Achats"],
  "figure.bought.is": ["from each member’s supplier", "auprès du fournisseur de chaque membre"],
  "figure.consumption": ["Consumption", "Consommation"],
  "figure.consumption.is": ["drawn from the grid by members", "soutirée au réseau par les membres"],
  "rates.title": ["Three rates", "Trois taux"],
  "rate.self_consumption": ["Self-consumption", "Autoconsommation"],
  "rate.self_consumption.is": [
    "The part of local production that members used as it was produced.",
    "La part de la production locale que les membres ont utilisée au moment où elle était produite."
  ],
  "rate.self_sufficiency": ["Self-sufficiency", "Autoproduction"],
  "rate.self_sufficiency.is": [
    "The part of the members’ consumption that came from local production.",
    "La part de la consommation des membres qui venait de la production locale."
  ],
  "rate.coverage": ["Coverage", "Couverture"],
  "rate.coverage.is": [
    "Production compared with consumption, whatever the hour: above 100%, more was produced than used.",
    "La production rapportée à la consommation, quelle que soit l’heure\u00a0: au-delà de 100\u202f%, il y a eu plus de production que d’usage."
  ],
  "rate.none": ["not defined: nothing to compare with", "sans objet\u00a0: rien à quoi rapporter"],
  "chart.title": ["Through the day", "Au fil de la journée"],
  "chart.unit": ["kWh per {minutes} minutes", "kWh par tranche de {minutes} minutes"],
  "chart.unit.hour": ["kWh per hour", "kWh par heure"],
  "chart.hint": [
    "Point at the chart, touch it, or move with the arrow keys to read an interval.",
    "Survolez ou touchez le graphique, ou utilisez les flèches du clavier, pour lire un intervalle."
  ],
  "chart.label": ["Energy of each interval of the day", "Énergie de chaque intervalle de la journée"],
  "chart.gap": ["no reading", "aucune mesure"],
  "chart.provisional": ["provisional", "provisoire"],
  "chart.settled": ["settled", "arrêté"],
  "chart.flows": ["{present} of {expected} flows known", "{present} flux connus sur {expected}"],
  "table.title": ["The same day as a table", "La même journée en tableau"],
  "table.interval": ["Interval", "Intervalle"],
  "table.status": ["Status", "État"],
  "table.note": ["Energy in kWh, local time ({zone}).", "Énergie en kWh, heure locale ({zone})."],
  "download": ["Download this day (CSV)", "Télécharger cette journée (CSV)"],
  "week.title": ["Seven days", "Sept jours"],
  "week.note": [
    "Wide bar: consumption. Narrow bar: production. The lower part of both, in green, was shared; the percentage is self-sufficiency. Choose a day to see it.",
    "Barre large\u00a0: consommation. Barre étroite\u00a0: production. Le bas des deux, en vert, a été partagé\u202f; le pourcentage est le taux d’autoproduction. Choisissez un jour pour le voir."
  ],
  "week.day": [
    "{day}: {consumption} consumed, of which {shared} shared; {production} produced",
    "{day}\u00a0: {consumption} consommés, dont {shared} partagés\u202f; {production} produits"
  ],
  "week.part": ["{part} known", "{part} connu"],
  "week.day.part": [
    "{day}: {part} of its readings are known; {consumption} consumed, of which {shared} shared; {production} produced",
    "{day}\u00a0: {part} des mesures sont connues\u202f; {consumption} consommés, dont {shared} partagés\u202f; {production} produits"
  ],
  "week.empty": ["{day}: no reading", "{day}\u00a0: aucune mesure"],
  "members.title": ["Members", "Membres"],
  "members.note": [
    "In kWh, by metering point; a long number is shown by its end. No name is kept on this page.",
    "En kWh, par point de mesure\u202f; d’un long numéro, seule la fin est montrée. Cette page ne porte aucun nom."
  ],
  "members.category": ["Kind", "Nature"],
  "members.point": ["Point", "Point"],
  "members.consumed": ["Consumed", "Consommé"],
  "members.shared": ["of which shared", "dont partagé"],
  "members.produced": ["Produced", "Produit"],
  "members.surplus": ["of which surplus", "dont surplus"],
  "members.none": ["no reading", "aucune mesure"],
  "members.known": ["Known", "Connu"],
  "members.failed": ["The members of this day cannot be read.", "Les membres de cette journée ne peuvent pas être lus."],
  "category.home": ["Homes", "Logements"],
  "category.school": ["Schools", "Écoles"],
  "category.town_hall": ["Town hall", "Mairie"],
  "category.shop": ["Shops", "Commerces"],
  "category.bakery": ["Bakeries", "Boulangeries"],
  "category.workshop": ["Workshops", "Ateliers"],
  "category.office": ["Offices", "Bureaux"],
  "category.farm": ["Farms", "Fermes"],
  "category.industry": ["Industry", "Industrie"],
  "category.public": ["Public buildings", "Bâtiments publics"],
  "category.public_building": ["Public buildings", "Bâtiments publics"],
  "category.sports_hall": ["Sports halls", "Gymnases"],
  "category.library": ["Libraries", "Bibliothèques"],
  "category.restaurant": ["Restaurants", "Restaurants"],
  "category.charging": ["Vehicle charging", "Recharge de véhicules"],
  "category.street_lighting": ["Street lighting", "Éclairage public"],
  "category.solar": ["Solar roofs", "Toits solaires"],
  "category.solar_roof": ["Solar roofs", "Toits solaires"],
  "category.solar_citizen": ["Citizen solar roofs", "Toits solaires citoyens"],
  "category.solar_municipal": ["Municipal solar roofs", "Toits solaires municipaux"],
  "category.hydro": ["Hydropower", "Hydroélectricité"],
  "category.wind": ["Wind", "Éolien"],
  "empty.none.title": ["No community yet.", "Aucune communauté pour l’instant."],
  "empty.none.text": [
    "Describe communities, points and devices in a territory file, then run: hub apply territory.toml",
    "Décrivez les communautés, les points et les appareils dans un fichier de territoire, puis lancez\u00a0: hub apply territory.toml"
  ],
  "empty.never.title": ["No readings yet.", "Aucune mesure pour l’instant."],
  "empty.never.text": [
    "As soon as a device of this community publishes to the broker, its day appears here. If one already publishes, check with “hub decode” that its messages are understood, and that the territory file maps the device to a metering point.",
    "Dès qu’un appareil de cette communauté publie sur le broker, sa journée apparaît ici. Si l’un d’eux publie déjà, vérifiez avec «\u00a0hub decode\u00a0» que ses messages sont compris, et que le fichier de territoire relie l’appareil à un point de mesure."
  ],
  "empty.day.title": ["No readings for this day.", "Aucune mesure pour ce jour."],
  "empty.day.text": ["Readings go from {first} to {last}.", "Les mesures vont du {first} au {last}."],
  "problem.network": ["The hub does not answer. The page tries again by itself.", "Le hub ne répond pas. La page réessaie d’elle-même."],
  "problem.status": ["The hub answered with an error ({status}).", "Le hub a répondu par une erreur ({status})."],
  "problem.community": [
    "There is no community “{id}” here; this is {name}.",
    "Il n’y a pas de communauté «\u00a0{id}\u00a0» ici\u202f; voici {name}."
  ],
  "health.ok": ["Hub {version}, all well", "Hub {version}, tout va bien"],
  "health.degraded": ["Hub {version}, partly out of order: figures may be late", "Hub {version}, en partie hors service\u00a0: les chiffres peuvent tarder"],
  "foot.commons": [
    "Enercommons is a digital commons: free software under Apache-2.0, run by the communities that use it.",
    "Enercommons est un commun numérique\u00a0: un logiciel libre sous licence Apache-2.0, tenu par les communautés qui s’en servent."
  ],
  "foot.links": ["Data and documentation", "Données et documentation"],
  "foot.api": ["Programming interface", "Interface de programmation"],
  "foot.open": ["Open data", "Données ouvertes"]
};
