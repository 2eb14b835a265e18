"""Plays calls through Segment's or RudderStack's Python client, which are of one make, and says what became of each, one JSON object a line.
The task comes on standard input: {client, host, writeKey, options, calls}."""
import importlib
import json
import logging
import sys

task = json.load(sys.stdin)
logging.disable(logging.CRITICAL)
Client = importlib.import_module(task["client"]).Client

failed = {}


def on_error(error, batch):
    for message in batch:
        failed[message["messageId"]] = str(error)


client = Client(task["writeKey"], host=task["host"], on_error=on_error, **(task["options"] or {}))
ids = []
for kind, message in task["calls"]:
    names = {"userId": "user_id", "anonymousId": "anonymous_id", "previousId": "previous_id", "groupId": "group_id"}
    arguments = {names.get(key, key): value for key, value in message.items()}
    ids.append(getattr(client, kind)(**arguments)[1]["messageId"])
client.flush()
client.join()
for index, message_id in enumerate(ids):
    print(json.dumps({"index": index, "messageId": message_id, "error": failed.get(message_id, "")}))
