"""The fields that the panels show: published columns under short titles, and those that only a dashboard has."""

from typing import Final

from dashboards.panels import Field, published

CONSUMPTION: Final = published("consumption_kwh", "Consumption · Consommation", "purple")
PRODUCTION: Final = published("production_kwh", "Production", "yellow")
ALLOCATED: Final = published("allocated_kwh", "Shared · Partagée", "green")
RESIDUAL: Final = published("residual_kwh", "From suppliers · Complément", "blue")
SURPLUS: Final = published("surplus_kwh", "Surplus", "orange")
RATES: Final = (
    published("self_consumption_rate", "Self-consumption · Autoconsommation", "yellow"),
    published("self_sufficiency_rate", "Self-sufficiency · Autoproduction", "green"),
    published("coverage_rate", "Coverage · Couverture", "purple"),
)
DAY: Final = Field("day", "Day · Jour", "text", "Local day of the community · Jour local de la communauté")
COMPLETENESS: Final = published("completeness", "Completeness · Complétude", "green")
SETTLED: Final = Field(
    "settled",
    "Settled · Arrêtés",
    "integer",
    "Every awaited flow is known · Tous les flux attendus sont connus",
    "green",
)
PROVISIONAL: Final = Field(
    "provisional",
    "Provisional · Provisoires",
    "integer",
    "Some flow is still awaited; the values will change · Un flux au moins est encore attendu ; les valeurs changeront",
    "orange",
)
ABSENT: Final = Field(
    "absent",
    "Without balance · Sans bilan",
    "integer",
    "Intervals that have ended and have no balance at all · Intervalles terminés qui n’ont aucun bilan",
    "red",
)
QUALITIES: Final = (
    Field("valid", "Valid · Valides", "integer", "ESPI 0, 17, 19", "green"),
    Field("estimated", "Estimated · Estimés", "integer", "ESPI 8, 9", "orange"),
    Field("questionable", "Questionable · Douteux", "integer", "ESPI 10, 13, 14…", "red"),
)
ABOUT: Final = (
    Field("name", "Community · Communauté", "text", ""),
    Field("place", "Place · Lieu", "text", ""),
    Field("zone", "Time zone · Fuseau horaire", "text", ""),
    Field("step_min", "Step, min · Pas, min", "integer", ""),
    Field("simulated", "Simulated · Simulée", "text", ""),
)
RESIDUALS: Final = (
    published("community", "Community · Communauté"),
    published("point", "Point · Point de mesure"),
    published("flow", "Flow · Flux"),
    published("operator_kwh", "Operator · Gestionnaire"),
    published("device_kwh", "Device · Appareil"),
    published("device_residual_kwh", "Residual · Écart", "orange"),
    published("device_residual_rate", "Residual, % · Écart, %", "orange"),
    published("compared", "Compared · Comparés"),
    published("operator_only", "Operator alone · Gestionnaire seul"),
    published("device_only", "Device alone · Appareil seul"),
)
RESULTS: Final = (
    published("community", "Community · Communauté"),
    published("month", "Month · Mois"),
    published("point", "Point · Point de mesure"),
    published("flow", "Flow · Flux"),
    published("result", "Result · Résultat"),
    published("hub_result_kwh", "By the hub · Selon le hub"),
    published("operator_result_kwh", "By the operator · Selon le gestionnaire"),
    published("result_residual_kwh", "Residual · Écart", "orange"),
    published("result_apart_kwh", "Largest of the point · Le plus grand du point", "orange"),
    published("cause", "Why · Cause"),
)
VALUE: Final = (
    published("community", "Community · Communauté"),
    published("month", "Month · Mois"),
    published("saving_eur", "Saved · Économisé", "green"),
    published("revenue_eur", "Earned · Gagné", "yellow"),
    published("local_value_rate", "Local value · Valeur locale"),
    COMPLETENESS,
)
EQUITY: Final = (
    published("community", "Community · Communauté"),
    published("period_kind", "Kind of period · Nature de la période"),
    published("period", "Period · Période"),
    published("group_kind", "Kind of group · Nature du groupe"),
    published("group_name", "Group · Groupe"),
    published("members", "Members · Membres"),
    published("jain", "Jain", "green", kind="index"),
    published("gini", "Gini", "orange", kind="index"),
    published("min_max", "Least/most · Moins/plus", kind="index"),
    published("autoproduction_p90_p10", "P90-P10"),
    published("share_against_need", "Against need · Selon le besoin", kind="index"),
    published("parity", "Parity · Parité", kind="index"),
)
