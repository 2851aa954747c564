"""A web backend whose users do not wait for each other: it sends tasks for whoever is logged in, and tells of them."""
import json
import os
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from fastapi import Depends, FastAPI, Header, HTTPException, Response

FAIRQ_SERVE = os.environ.get("FAIRQ_SERVE", "http://127.0.0.1:8080")
SESSIONS = {"token-of-A": "A", "token-of-B": "B"}  # your own log-in goes here
app = FastAPI()


def logged_in(authorization: str = Header("")) -> str:
    user = SESSIONS.get(authorization.removeprefix("Bearer "))
    if user is None:
        raise HTTPException(401, "Who are you?")
    return user


def ask(user: str, path: str, body: str | None = None, kind: str = "application/json") -> Response:
    headers = {"X-Forwarded-User": user, "Content-Type": kind}
    data = None if body is None else body.encode()
    try:
        with urlopen(Request(FAIRQ_SERVE + path, data, headers)) as answer:
            return Response(answer.read(), answer.status, media_type=answer.headers["Content-Type"])
    except HTTPError as error:
        return Response(error.read(), error.code, media_type=error.headers["Content-Type"])
    except URLError:
        raise HTTPException(503, "Ask again later", {"Retry-After": "5"})


@app.post("/tasks")
def send(task: dict, user: str = Depends(logged_in)) -> Response:
    return ask(user, "/v1/tasks", json.dumps(task))


@app.post("/tasks/batch")
def send_many(tasks: list[dict], user: str = Depends(logged_in)) -> Response:
    lines = "".join(json.dumps(task) + "\n" for task in tasks)
    return ask(user, "/v1/tasks/batch", lines, "application/x-ndjson")


@app.get("/tasks/{task_id}")
def result(task_id: str, user: str = Depends(logged_in)) -> Response:
    return ask(user, f"/v1/tasks/{task_id}")
