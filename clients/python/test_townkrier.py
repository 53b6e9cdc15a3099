"""Tests of townkrier.py against a running server: test_townkrier.py URL"""

import sys
import time
import unittest

from townkrier import Client, Problem

URL = "http://127.0.0.1:3000"
HELLO = ({"in_app": {"title": "Hello", "message": "Hello"}}, {"in_app": {"userId": "py/1"}})


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.client = Client(URL)

    def reaches(self, job_id, status):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.client.job(job_id)["status"] == status:
                return True
        return False

    def test_enqueues_and_finds_its_job(self):
        job = self.client.enqueue(*HELLO)
        self.assertTrue(self.reaches(job["id"], "completed"))
        self.assertEqual(self.client.inbox("py/1", limit=1)["messages"][0]["title"], "Hello")
        self.assertGreaterEqual(self.client.stats()["queue"]["completed"], 1)

    def test_enqueues_many_and_walks_all_pages(self):
        self.client.pause("py")
        rows = [{"notification": HELLO[0], "recipient": HELLO[1], "options": {"queue": "py"}}] * 25
        answer = self.client.enqueue_many(rows + [{"notification": {}}])
        self.assertEqual(answer["accepted"], 25)
        self.assertEqual(answer["rejected"][0]["index"], 25)
        found = list(self.client.all_jobs(queue="py", status=["pending", "scheduled"], limit=10))
        self.assertEqual({job["id"] for job in found}, set(answer["ids"]))
        operation = self.client.bulk("delete", filter={"queue": "py"}, expect=25)
        while operation["status"] == "running":
            operation = self.client.operation(operation["id"])
        self.assertEqual(operation["done"], 25)
        self.client.resume("py")

    def test_acts_on_jobs(self):
        self.client.pause("held")
        job = self.client.enqueue(*HELLO, options={"queue": "held"})
        self.client.cancel(job["id"])
        self.assertEqual(self.client.job(job["id"])["status"], "cancelled")
        self.client.retry(job["id"])
        self.client.delete(job["id"])
        with self.assertRaises(Problem) as gone:
            self.client.job(job["id"])
        self.assertEqual(gone.exception.status, 404)
        self.client.resume("held")

    def test_raises_what_the_server_refuses(self):
        with self.assertRaises(Problem) as refused:
            self.client.jobs(status="done")
        self.assertEqual(refused.exception.status, 400)
        self.assertEqual(refused.exception.errors[0]["pointer"], "status")
        with self.assertRaises(Problem) as unknown:
            self.client.enqueue_job("nobody-handles-this")
        self.assertEqual(unknown.exception.status, 422)

    def test_reads_the_rest(self):
        self.assertIn("default", [queue["name"] for queue in self.client.queues()])
        self.assertIn("in_app", [channel["name"] for channel in self.client.channels()])
        self.assertIn("rev", self.client.live())
        self.assertEqual(self.client.health()["status"], "ok")
        self.assertIsInstance(list(self.client.all_logs(limit=5)), list)


if __name__ == "__main__":
    URL = sys.argv.pop(1)
    unittest.main()
