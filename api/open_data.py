"""Open data: the releases that exist, and their files as they were released."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api import shapes
from api.downloads import FILES
from api.reading import LARGEST, OpenConnection
from energy.errors import NotFound
from energy.time import rfc3339
from store.releases import read_file, read_releases

router = APIRouter(prefix="/open/v1", tags=["open data"])

PACKAGE: Final[dict[str, Any]] = {"application/json": {"schema": {"type": "object"}}, **FILES}
FOR_EVERY_SITE: Final = {"Access-Control-Allow-Origin": "*"}
"""Open data may be read by the scripts of any web page."""


@router.get("", response_model=shapes.Datasets)
def list_datasets(connection: OpenConnection, response: Response) -> dict[str, Any]:
    """Every dataset with its releases, newest first; only what the disclosure policy lets out is ever here."""
    response.headers.update(FOR_EVERY_SITE)
    datasets: dict[str, list[dict[str, Any]]] = {}
    for row in read_releases(connection):
        release = {**row, "released_at": rfc3339(row["released_at"])}
        datasets.setdefault(release.pop("dataset"), []).append(release)
    return {"datasets": [{"dataset": name, "releases": releases} for name, releases in datasets.items()]}


@router.get("/{dataset}/{name}", response_class=Response, responses={200: {"content": PACKAGE}})
def show_file(
    dataset: Annotated[str, Path(description="name of a dataset, as /open/v1 lists them")],
    name: Annotated[str, Path(description="name of one of its files")],
    connection: OpenConnection,
    version: Annotated[int | None, Query(ge=1, le=LARGEST, description="release; the newest by default")] = None,
) -> Response:
    """A file of a release: datapackage.json describes the others."""
    if "\0" in dataset + name:  # which PostgreSQL's text cannot hold
        raise NotFound("there is no file of that name; /open/v1 lists those there are")
    file = read_file(connection, dataset, name, version)
    headers = {"ETag": f'"{file.sha256}"', **FOR_EVERY_SITE}
    return Response(file.content, media_type=file.media_type, headers=headers)
