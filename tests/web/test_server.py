"""The server: the page and translations on this machine, bounds, refusals of other sites, and a clean end."""

import asyncio
import http.client
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from tiny import press_stop
from typer.testing import CliRunner

from s2s_tutorial.cli.commands import app
from s2s_tutorial.data.vocabulary import Vocabulary
from s2s_tutorial.model.seq2seq import Seq2Seq
from s2s_tutorial.runs.folder import open_run
from s2s_tutorial.runs.weights import load_translator
from s2s_tutorial.settings import ModelSettings
from s2s_tutorial.translation.translator import Translator
from s2s_tutorial.web import server
from s2s_tutorial.web.page import write_page
from s2s_tutorial.web.server import MOST_BYTES, MOST_READ, MOST_WAITING, Desk, Question, Rate, RefusedError

JSON = {"Content-Type": "application/json"}
SENTENCE = "Il voit le chat. Elle dort."


@pytest.fixture(scope="module")
def translator(talking_run):
    return load_translator(talking_run)


@pytest.fixture(scope="module")
def page(talking_run, translator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    write_page(open_run(talking_run), translator, folder)
    return folder


@contextmanager
def served(page, translator, most_per_minute=600):
    """Serve in a thread, and yield the port."""
    opened, loop, stop = server.listen(0), asyncio.new_event_loop(), asyncio.Event()
    with Desk(translator, most_per_minute) as desk:
        application = server.build_application(page, desk, {"run": "talking"})
        thread = threading.Thread(target=loop.run_until_complete, args=[server.serve(application, opened, stop)])
        thread.start()
        yield opened.getsockname()[1]
        loop.call_soon_threadsafe(stop.set)
        thread.join()
    loop.close()


@pytest.fixture(scope="module")
def port(page, translator):
    with served(page, translator) as port:
        yield port


def ask(port, method, path, body=None, headers=()):
    """Return status, headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def translate(port, **values):
    status, _, body = ask(port, "POST", "/translate", json.dumps(values), JSON)
    return status, json.loads(body)


def test_the_page_and_all_its_files_are_served_as_they_are(port, page):
    files = [path for path in page.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        status, _, body = ask(port, "GET", "/" + path.relative_to(page).as_posix())
        assert (status, body) == (200, path.read_bytes())
    assert ask(port, "GET", "/")[2] == (page / "index.html").read_bytes()


def test_a_translation_is_the_one_of_python(port, translator):
    expected = json.loads(json.dumps(translator.translate(SENTENCE, split=True).to_dict(attention=False)))
    assert translate(port, text=SENTENCE) == (200, expected)
    assert len(expected["sentences"]) == 2
    assert "attention" not in expected["sentences"][0]


def test_the_n_best_list_and_the_attention_are_there_on_request(port, translator):
    status, found = translate(port, text="Il voit le chat.", beam=4, attention=True, split=False)
    expected = translator.translate("Il voit le chat.", 4)
    assert (status, found) == (200, json.loads(json.dumps(expected.to_dict())))
    assert [other["text"] for other in found["others"]] == [text for text, _ in expected.others]
    assert len(found["others"]) == 3
    assert len(found["attention"][0]) == len(found["source"]) + 1


def test_health_says_what_is_served(port):
    status, headers, body = ask(port, "GET", "/health")
    assert (status, json.loads(body)) == (200, {"status": "ok", "run": "talking"})
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        ('{"text": "Il dort."}', {}, 415, "Content-Type: application/json"),
        ('{"text": "Il dort."}', {"Content-Type": "text/plain"}, 415, "Content-Type: application/json"),
        ("{", JSON, 400, "expected JSON such as"),
        (b'{"text": "\xff"}', JSON, 400, "expected JSON such as"),
        ("[]", JSON, 400, "Expected `object`"),
        ("{}", JSON, 400, "missing required field `text`"),
        ('{"text": 3}', JSON, 400, "$.text"),
        ('{"text": "Il dort.", "beams": 3}', JSON, 400, "unknown field `beams`"),
        ('{"text": "Il dort.", "beam": 0}', JSON, 400, "$.beam"),
        ('{"text": "Il dort.", "beam": 21}', JSON, 400, "$.beam"),
        ('{"text": "Il dort.", "beam": 1e9}', JSON, 400, "$.beam"),
        (json.dumps({"text": "a" * 2_001}), JSON, 400, "$.text"),
        (json.dumps({"text": "a" * MOST_BYTES}), JSON, 413, "bytes, at most 32,768"),
        ('{"text": " "}', JSON, 422, "empty"),
        ('{"text": "zzzqx vvwkj"}', JSON, 422, "no word that this model has learned"),
    ],
)
def test_a_bad_request_is_answered_with_what_is_wrong(port, body, headers, status, words):
    found, received, text = ask(port, "POST", "/translate", body, headers)
    values = json.loads(text)
    assert (found, list(values)) == (status, ["error"])
    assert words in values["error"]
    assert "\n" not in values["error"]
    assert received["Content-Type"].startswith("application/json")


def test_a_beam_larger_than_the_vocabulary_is_refused_saying_so():
    words = Vocabulary.count(["a b c"])
    model = Seq2Seq(ModelSettings(embedding_size=8, hidden_size=8), len(words), len(words)).eval()
    with (
        Desk(Translator(model, words, words)) as desk,
        pytest.raises(RefusedError) as caught,
    ):
        asyncio.run(desk.translate(Question("a b", beam=20)))
    assert (caught.value.status_code, caught.value.message) == (422, "beam size is 20, expected 1 to 5")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/translate", 405), ("PUT", "/translate", 405), ("POST", "/health", 405), ("GET", "/nothing", 404),
     ("GET", "/web/../../run.json", 404), ("GET", "/web/%2e%2e%2f%2e%2e%2frun.json", 403), ("GET", "/models/none.js", 404),
     ("OPTIONS", "/translate", 405)],
)  # fmt: skip
def test_another_address_or_method_is_an_error_in_json(port, method, path, status):
    found, _, body = ask(port, method, path)
    assert (found, list(json.loads(body))) == (status, ["error"])


@pytest.mark.parametrize("path", ["/", "/health", "/models/models.js", "/translate", "/nothing"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://["},
    ],
)
def test_other_hosts_and_pages_of_other_sites_are_refused(port, path, headers):
    status, _, body = ask(port, "POST" if path == "/translate" else "GET", path, '{"text": "a"}', {**JSON, **headers})
    assert (status, list(json.loads(body))) == (403, ["error"])


def test_the_servers_own_page_may_ask(port):
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{port}"
        status, _, _ = ask(port, "GET", "/health", headers={"Host": host, "Origin": f"http://{host}"})
        assert status == 200


def test_a_body_that_is_far_too_long_ends_the_connection_and_the_server_still_answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/translate")
    connection.putheader("Content-Length", str(MOST_READ + 1))
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()
    assert ask(port, "GET", "/health")[0] == 200


def test_it_listens_on_this_machine_only():
    with server.listen(0) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"


# Limits


def test_a_rate_counts_the_last_minute():
    now = [0.0]
    rate = Rate(2, lambda: now[0])
    assert [rate.wait(), rate.wait()] == [0.0, 0.0]
    now[0] = 20.0
    assert rate.wait() == 40.0
    now[0] = 60.0
    assert [rate.wait(), rate.wait(), rate.wait()] == [0.0, 0.0, 60.0]


def test_more_requests_than_the_rate_are_refused_with_the_time_to_wait(page, translator):
    with served(page, translator, most_per_minute=1) as port:
        assert translate(port, text="Il dort.")[0] == 200
        status, headers, body = ask(port, "POST", "/translate", '{"text": "Il dort."}', JSON)
        assert (status, 1 <= int(headers["Retry-After"]) <= 61) == (429, True)
        assert "more than 1 requests in a minute" in json.loads(body)["error"]
        assert ask(port, "GET", "/health")[0] == 200


def test_requests_wait_for_each_other_and_too_many_are_refused(translator, monkeypatch):
    free = threading.Event()

    async def crowd(desk):
        waiting = [asyncio.create_task(desk.translate(Question("Il dort."))) for _ in range(MOST_WAITING + 1)]
        await asyncio.sleep(0)
        with pytest.raises(RefusedError) as refused:
            await desk.translate(Question("Il dort."))
        free.set()
        return refused.value.status_code, await asyncio.gather(*waiting)

    with Desk(translator) as desk:
        answer = desk._translate
        monkeypatch.setattr(desk, "_translate", lambda question: (free.wait(), answer(question))[1])
        status, answers = asyncio.run(crowd(desk))
    assert (status, len(answers), desk.waiting) == (503, MOST_WAITING + 1, 0)


def test_a_failure_shows_no_traceback_to_the_caller(page, translator, caplog):
    broken = replace(translator, model=None)
    with served(page, broken) as port:
        status, found = translate(port, text="Il dort.")
    assert (status, found) == (500, {"error": "the server failed; its terminal shows why"})
    assert "Traceback" in caplog.text


# The command


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_the_command_serves_until_ctrl_c_and_ends_cleanly(talking_run):
    port, seen = free_port(), []

    def visit():
        while not seen:
            try:
                seen.append(json.loads(ask(port, "GET", "/health")[2]))
            except OSError:
                threading.Event().wait(0.05)
        press_stop()

    thread = threading.Thread(target=visit)
    thread.start()
    result = CliRunner().invoke(app, ["serve", "--run", str(talking_run), "--port", str(port), "--no-examples"])
    thread.join()
    assert (result.exit_code, result.exception, result.stderr) == (0, None, "")
    assert seen == [{"status": "ok", "run": "talking", "source": "fr", "target": "en"}]
    assert f"http://127.0.0.1:{port}/ (Ctrl-C ends)" in result.stdout


def test_a_port_in_use_is_an_error_of_one_line(talking_run):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = one.getsockname()[1]
        result = CliRunner().invoke(app, ["serve", "--run", str(talking_run), "--port", str(port)])
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(f"error: port {port} cannot be opened")
    assert "--port" in line
