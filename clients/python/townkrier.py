"""A client of TownKrier's HTTP API in one file, with the standard library alone (Python 3.9+).

    from townkrier import Client, Problem

    client = Client("http://127.0.0.1:3000", token="...")
    job = client.enqueue({"email": {"subject": "Welcome!", "text": "Hello"}},
                         {"email": {"email": "user@example.com"}})
    print(client.job(job["id"])["status"])

Answers are the API's JSON as dicts. What the server refuses is raised as Problem.
"""

import json
import urllib.error
import urllib.parse
import urllib.request


class Problem(Exception):
    """An error of the API: `status`, `code`, `detail` and, for wrong fields, `errors`."""

    def __init__(self, status, body):
        self.status = status
        self.code = body.get("code", "")
        self.detail = body.get("detail", "")
        self.errors = body.get("errors", [])
        super().__init__(f"{status} {self.code}: {self.detail}")


class Client:
    """Thread-safe: every call opens a connection of its own. `timeout` is in seconds."""

    def __init__(self, url="http://127.0.0.1:3000", token=None, timeout=30):
        self._base = url.rstrip("/") + "/api"
        self._token = token
        self._timeout = timeout

    # Enqueueing

    def enqueue(self, notification, recipient, options=None, idempotency_key=None):
        """A notification; the answer is its job."""
        body = {"notification": notification, "recipient": recipient, "options": options or {}}
        return self._post("/notifications", body, idempotency_key)

    def enqueue_many(self, requests, atomic=False):
        """Dicts of notification, recipient and options: {"accepted", "rejected", "ids"}."""
        lines = "".join(json.dumps(one) + "\n" for one in requests)
        query = "?atomic=true" if atomic else ""
        return self._call("POST", "/notifications/batch" + query, lines.encode(),
                          {"Content-Type": "application/x-ndjson"})

    def enqueue_job(self, kind, payload=None, options=None, idempotency_key=None):
        """A job of a kind that the server has a handler for."""
        body = {"kind": kind, "payload": payload, "options": options or {}}
        return self._post("/jobs", body, idempotency_key)

    def send_now(self, notification, recipient):
        """Sends at once, without a job."""
        return self._post("/notifications/send",
                          {"notification": notification, "recipient": recipient})

    # Jobs

    def job(self, job_id):
        return self._get("/jobs/" + _quoted(job_id))

    def jobs(self, **filters):
        """One page: status (a text or a list), queue, kind, channel, tag, q, limit, cursor, ..."""
        return self._get("/jobs", filters)

    def all_jobs(self, **filters):
        """Every job of a filter, page by page."""
        return self._walk("/jobs", "jobs", filters)

    def retry(self, job_id):
        return self._post(f"/jobs/{_quoted(job_id)}/retry")

    def cancel(self, job_id):
        return self._post(f"/jobs/{_quoted(job_id)}/cancel")

    def run_now(self, job_id):
        return self._post(f"/jobs/{_quoted(job_id)}/run")

    def delete(self, job_id):
        return self._call("DELETE", "/jobs/" + _quoted(job_id))

    def bulk(self, action, ids=None, filter=None, expect=None):
        """Begins an operation; ask `operation` for its progress."""
        body = {"action": action, "ids": ids, "filter": filter, "expect": expect}
        return self._post("/jobs/bulk", {k: v for k, v in body.items() if v is not None})

    def operation(self, operation_id):
        return self._get("/operations/" + _quoted(operation_id))

    # Logs, queues and the rest

    def logs(self, **filters):
        return self._get("/logs", filters)

    def all_logs(self, **filters):
        return self._walk("/logs", "logs", filters)

    def stats(self):
        return self._get("/stats")

    def live(self, rev=0):
        return self._get("/live", {"rev": rev})

    def queues(self):
        return self._get("/queues")["queues"]

    def pause(self, queue):
        return self._post(f"/queues/{_quoted(queue)}/pause")

    def resume(self, queue):
        return self._post(f"/queues/{_quoted(queue)}/resume")

    def channels(self):
        return self._get("/channels")["channels"]

    def inbox(self, user_id, **filters):
        return self._get("/inbox/" + _quoted(user_id), filters)

    def health(self):
        return self._get("/health")

    # How it is done

    def _walk(self, path, name, filters):
        while True:
            page = self._get(path, filters)
            yield from page[name]
            if "next" not in page:
                return
            filters = {**filters, "cursor": page["next"]}

    def _get(self, path, query=None):
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True)
        return self._call("GET", path)

    def _post(self, path, body=None, idempotency_key=None):
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        if body is None:
            return self._call("POST", path, b"", headers)
        headers["Content-Type"] = "application/json"
        return self._call("POST", path, json.dumps(body).encode(), headers)

    def _call(self, method, path, data=None, headers=None):
        request = urllib.request.Request(self._base + path, data=data or None, method=method,
                                         headers=headers or {})
        if self._token:
            request.add_header("Authorization", "Bearer " + self._token)
        request.add_header("X-Requested-With", "townkrier")
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                try:
                    body = json.load(error)
                except ValueError:
                    body = {}
            raise Problem(error.code, body) from None


def _quoted(text):
    return urllib.parse.quote(str(text), safe="")
