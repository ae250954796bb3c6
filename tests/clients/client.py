"""A client generated from the server's OpenAPI document: it registers a person and reads their status, a list
and a figure, by the types that the generator has made."""

import sys
from datetime import date

folder, url, token, programme = sys.argv[1:]
sys.path.insert(0, folder)

from sira_client import AuthenticatedClient  # noqa: E402
from sira_client.api.analytics import get_indicators  # noqa: E402
from sira_client.api.beneficiaries import get_beneficiary, list_beneficiaries  # noqa: E402
from sira_client.api.idea import register  # noqa: E402
from sira_client.models import Answer, Problem, RegisterCommand  # noqa: E402


def whole(answer, kind=None):
    """The answer's body, which must have been read into its type."""
    assert answer.status_code < 300, (answer.status_code, answer.content)
    assert answer.parsed is not None and not isinstance(answer.parsed, Problem), answer.content
    assert kind is None or isinstance(answer.parsed, kind), type(answer.parsed)
    return answer.parsed


client = AuthenticatedClient(base_url=url, token=token)
body = RegisterCommand.from_dict({
    "occurred_on": "2022-01-10",
    "programme": programme,
    "office": "segou-1",
    "region": "segou",
    "intake": "open_call",
    "channel": "office",
    "sex": "female",
    "birth_year": 1998,
    "education": "3",
    "displaced": False,
    "consent": {"scope": "programme", "text_version": "v1", "method": "written"},
    "identity": {"name": "Personne Inventée", "phone": "70 00 00 01"},
})
assert body.occurred_on == date(2022, 1, 10)
registered = whole(register.sync_detailed(client=client, body=body), Answer)
assert registered.version == 1

status = whole(get_beneficiary.sync_detailed(str(registered.id), client=client))
assert (str(status.id), str(status.stage)) == (str(registered.id), "idea")
assert status.registration.on == date(2022, 1, 10)

at = {"sira_min_position": registered.position}
page = whole(list_beneficiaries.sync_detailed(client=client, limit=10, **at))
assert [item.stage for item in page.items if item.id == str(registered.id)] == ["idea"]

figures = whole(get_indicators.sync_detailed(client=client, **at))
registered_row = [row.to_dict() for row in figures.rows if row.to_dict()["indicator"] == "registered"]
assert registered_row[0]["value"] >= 1, registered_row
print("ok", registered.id)
