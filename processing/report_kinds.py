"""What categories and groups of members are called in the two languages, as the page of the day calls them. Pure."""

from typing import Final

from processing.report_numbers import LANGUAGES, Language

KINDS: Final[dict[str, tuple[str, str]]] = {
    "home": ("Homes", "Logements"),
    "school": ("Schools", "Écoles"),
    "town_hall": ("Town hall", "Mairie"),
    "shop": ("Shops", "Commerces"),
    "bakery": ("Bakeries", "Boulangeries"),
    "workshop": ("Workshops", "Ateliers"),
    "office": ("Offices", "Bureaux"),
    "farm": ("Farms", "Fermes"),
    "industry": ("Industry", "Industrie"),
    "public": ("Public buildings", "Bâtiments publics"),
    "public_building": ("Public buildings", "Bâtiments publics"),
    "sports_hall": ("Sports halls", "Gymnases"),
    "library": ("Libraries", "Bibliothèques"),
    "restaurant": ("Restaurants", "Restaurants"),
    "charging": ("Vehicle charging", "Recharge de véhicules"),
    "street_lighting": ("Street lighting", "Éclairage public"),
    "solar": ("Solar roofs", "Toits solaires"),
    "solar_roof": ("Solar roofs", "Toits solaires"),
    "solar_citizen": ("Citizen solar roofs", "Toits solaires citoyens"),
    "solar_municipal": ("Municipal solar roofs", "Toits solaires municipaux"),
    "hydro": ("Hydropower", "Hydroélectricité"),
    "wind": ("Wind", "Éolien"),
    "tenants": ("Tenants", "Locataires"),
    "energy_poverty": ("Homes in energy poverty", "Logements en précarité énergétique"),
}
"""Names in English and French, by the word of the territory file."""


def kind_of(word: str, language: Language) -> str:
    """A category or group in a language; one of which no name is known is shown as it is written."""
    if word in KINDS:
        return KINDS[word][LANGUAGES.index(language)]
    spaced = word.replace("_", " ").replace("-", " ")
    return spaced[:1].upper() + spaced[1:]
