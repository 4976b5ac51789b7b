"""Who may ask, how much, and what a browser may do with the page."""

import http.client

import pytest

from patience import PATIENCE
from qispread.interfaces.page.request_limits import MAX_BODY

FILES = ("/", "/style.css", "/js/main.js", "/icon.svg", "/vega.js")


@pytest.mark.parametrize("path", FILES)
def test_nothing_from_elsewhere_is_allowed_in_the_page(send_request, path):
    answer = send_request(path, method="GET")
    assert answer.status == 200
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["set-cookie"] is None


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_the_browser_has_is_not_sent_again(send_request, path):
    mark = send_request(path, method="GET").headers["etag"]
    again = send_request(path, method="GET", headers={"if-none-match": mark})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/js/../index.html", "/%2e%2e/%2e%2e/etc/passwd", "/js//etc/passwd", "/index.html"]
)
def test_no_path_leads_out_of_the_page(send_request, path):
    assert send_request(path, method="GET").status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_names_that_others_point_here_are_refused(send_request, host):
    assert send_request("/", method="GET", headers={"host": host}).status == 421
    assert send_request("/api/parameters", headers={"host": host}).status == 421


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_this_computer_may_be_called_by_its_own_names(send_request, server, name):
    assert send_request("/", method="GET", headers={"host": f"{name}:{server.port}"}).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_other_pages_are_refused(send_request, origin):
    assert send_request("/api/parameters", headers={"origin": origin}).status == 403


def test_the_page_itself_is_answered(send_request, server):
    assert send_request("/api/parameters", headers={"origin": f"http://127.0.0.1:{server.port}"}).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_could_send_is_refused(send_request, kind):
    assert send_request("/api/parameters", headers={"content-type": kind}).status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(send_request, method):
    assert send_request("/api/parameters", method=method).status == 405


def test_a_large_question_is_refused_by_its_length(send_request):
    # Refused before its body is read.
    assert send_request("/api/upload", body=b"{}", headers={"content-length": str(MAX_BODY + 1)}).status == 413


def test_a_question_that_hides_its_length_is_cut_off(send_request, server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    pieces = (b"x" * 2**16 for _ in range(MAX_BODY // 2**16 + 4))
    headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
    try:
        connection.request("POST", "/api/upload", pieces, headers, encode_chunked=True)
        status = connection.getresponse().status
    except (ConnectionError, http.client.HTTPException):
        status = 0
    connection.close()
    assert status != 200
    assert send_request("/", method="GET").status == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"1", b"[" * 100_000, b"\xff", b'{"setting": NaN}'])
def test_a_question_that_is_none_is_refused_in_plain_words(send_request, body):
    answer = send_request("/api/compare", body=body)
    assert answer.status == 400
    assert b"needed: a mapping" in answer.body
