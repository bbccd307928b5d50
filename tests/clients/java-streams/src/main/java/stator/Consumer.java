package stator;

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.adapter.DynamoDBStreamsClientRecord;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.DynamoDBStreamsProcessRecordsInput;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import com.amazonaws.services.dynamodbv2.streamsadapter.processor.DynamoDBStreamsShardRecordProcessor;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.Record;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.retrieval.RetrievalConfig;

/**
 * Follows a stream with the Kinesis Client Library, as the worker WORKER, until its standard input ends. Prints a line for
 * each record ("record", shard, sequence number, event, kind of change, item, its count before and after) and then a line for
 * the checkpoint after it ("checkpoint", shard, sequence number).
 *
 * With STOP_AFTER all shards' processors stop as soon as that many records were printed, without a checkpoint after their
 * last ones. The program then prints "stopped" and waits to be killed.
 */
public final class Consumer {
  private static final int STOP_AFTER = Integer.parseInt(System.getenv().getOrDefault("STOP_AFTER", "" + Integer.MAX_VALUE));
  /** Records in one batch: few if this worker stops early, so that its successors have work left. */
  private static final int MAX_RECORDS = STOP_AFTER == Integer.MAX_VALUE ? 1000 : 100;
  private static final AtomicInteger printed = new AtomicInteger();

  private static void print(String lines) {
    synchronized (System.out) {
      System.out.print(lines);
      System.out.flush();
    }
  }

  private static final class Processor implements DynamoDBStreamsShardRecordProcessor {
    private String shard;

    @Override
    public void initialize(InitializationInput input) {
      shard = input.shardId();
    }

    @Override
    public void processRecords(DynamoDBStreamsProcessRecordsInput input) {
      List<DynamoDBStreamsClientRecord> records = input.records();
      if (records.isEmpty()) return;
      if (printed.get() >= STOP_AFTER) waitToBeKilled();
      StringBuilder lines = new StringBuilder();
      for (DynamoDBStreamsClientRecord client : records) {
        Record record = client.getRecord();
        String old = record.dynamodb().hasOldImage() ? record.dynamodb().oldImage().get("n").n() : "0";
        lines.append(String.join(" ", "record", shard, record.dynamodb().sequenceNumber(), record.eventID(), record.eventNameAsString(),
            record.dynamodb().keys().get("pk").s(), old, record.dynamodb().newImage().get("n").n())).append('\n');
      }
      int before = printed.getAndAdd(records.size());
      print(lines.toString());
      if (before < STOP_AFTER && before + records.size() >= STOP_AFTER) print("stopped\n");
      if (printed.get() >= STOP_AFTER) waitToBeKilled();
      try {
        input.checkpointer().checkpoint();
      } catch (InvalidStateException | ShutdownException fault) {
        throw new IllegalStateException(fault);
      }
      print("checkpoint " + shard + " " + records.get(records.size() - 1).getRecord().dynamodb().sequenceNumber() + "\n");
    }

    private static void waitToBeKilled() {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException fault) {
        throw new IllegalStateException(fault);
      }
    }

    @Override
    public void leaseLost(LeaseLostInput input) {
      System.err.println("lost " + shard);
    }

    @Override
    public void shardEnded(ShardEndedInput input) {
      try {
        input.checkpointer().checkpoint();
        System.err.println("ended " + shard);
      } catch (InvalidStateException | ShutdownException fault) {
        throw new IllegalStateException(fault);
      }
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {}
  }

  public static void main(String[] arguments) throws Exception {
    URI url = URI.create(System.getenv("STATOR_URL"));
    Region region = Region.US_EAST_1;
    AmazonDynamoDBStreamsAdapterClient adapter = new AmazonDynamoDBStreamsAdapterClient(
        DynamoDbStreamsClient.builder().endpointOverride(url).region(region).build(), region);
    ConfigsBuilder builder = new ConfigsBuilder(
        StreamsSchedulerFactory.createSingleStreamTracker(System.getenv("STREAM_ARN"),
            InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON)),
        "adapter-leases",
        adapter,
        DynamoDbAsyncClient.builder().endpointOverride(url).region(region).httpClientBuilder(NettyNioAsyncHttpClient.builder()).build(),
        CloudWatchAsyncClient.builder().region(region).httpClientBuilder(NettyNioAsyncHttpClient.builder()).build(),
        System.getenv("WORKER"),
        Processor::new);
    RetrievalConfig retrieval = builder.retrievalConfig();
    retrieval.retrievalSpecificConfig(new DynamoDBStreamsPollingConfig(adapter).maxRecords(MAX_RECORDS).idleTimeBetweenReadsInMillis(200));
    Scheduler scheduler = StreamsSchedulerFactory.createScheduler(
        builder.checkpointConfig(),
        // A stream's shards are created and closed within seconds here.
        builder.coordinatorConfig().parentShardPollIntervalMillis(500).skipShardSyncAtWorkerInitializationIfLeasesExist(true),
        builder.leaseManagementConfig().shardSyncIntervalMillis(1000).failoverTimeMillis(5000).leaseAssignmentIntervalMillis(1000L)
            .billingMode(BillingMode.PAY_PER_REQUEST),
        builder.lifecycleConfig(),
        // There is no CloudWatch to send metrics to.
        builder.metricsConfig().metricsFactory(new NullMetricsFactory()),
        builder.processorConfig(), retrieval, adapter);
    Thread thread = new Thread(scheduler, "scheduler");
    thread.setDaemon(true);
    thread.start();
    while (System.in.read() >= 0) {
      // the input carries no commands
    }
    // Without a graceful shutdown: the library would wait for the ends of shards, and its threads keep the process
    // alive.
    Runtime.getRuntime().halt(0);
  }
}
