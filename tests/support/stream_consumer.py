"""Reads a stream to its end as a consumer does: finds shards by DescribeStream, reads parents before their children, and
each record once."""


class StreamConsumer:
    """`call(operation, **request)` executes an operation of DynamoDB Streams. `records` has all records read so far, in
    order. The consumer resumes after errors and restarts: it keeps the last sequence number of each shard, no iterator."""

    def __init__(self, call, stream_arn, on_record=None):
        self.call, self.stream_arn = call, stream_arn
        self.records = []
        self.on_record = on_record or self.records.append
        self.last = {}  # shard -> the last sequence number that was read
        self.ended = set()
        self.shards = {}  # shard -> parent

    def find_shards(self):
        request = {"StreamArn": self.stream_arn}
        while True:
            stream = self.call("DescribeStream", **request)["StreamDescription"]
            for shard in stream["Shards"]:
                self.shards[shard["ShardId"]] = shard.get("ParentShardId")
            if "LastEvaluatedShardId" not in stream:
                return
            request["ExclusiveStartShardId"] = stream["LastEvaluatedShardId"]

    def read_shard(self, shard):
        """Reads all records that the shard has at present; returns their number."""
        request = {"StreamArn": self.stream_arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        if shard in self.last:
            request.update(ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=self.last[shard])
        iterator = self.call("GetShardIterator", **request)["ShardIterator"]
        count = 0
        while True:
            page = self.call("GetRecords", ShardIterator=iterator)
            for record in page["Records"]:
                number = record["dynamodb"]["SequenceNumber"]
                if shard in self.last and int(number) <= int(self.last[shard]):
                    raise AssertionError("record %s of shard %s comes behind %s" % (number, shard, self.last[shard]))
                self.last[shard] = number
                self.on_record(record)
            count += len(page["Records"])
            iterator = page.get("NextShardIterator")
            if iterator is None:
                self.ended.add(shard)
                return count
            if not page["Records"]:
                return count

    def poll(self):
        """Reads all shards whose parents were read to their end; returns the number of records."""
        self.find_shards()
        count = 0
        for shard, parent in sorted(self.shards.items()):
            if shard in self.ended or (parent in self.shards and parent not in self.ended):
                continue
            count += self.read_shard(shard)
        return count
