// The AWS SDK for Go v2, answered in process. A separate module, so that the package itself depends only on the standard library.
package sdktest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/logging"

	stator "stator/bindings/go"
)

func client(t *testing.T) *dynamodb.Client {
	t.Helper()
	return clientOf(open(t))
}

func open(t *testing.T) *stator.Database {
	t.Helper()
	database, err := stator.Open(stator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database
}

func clientOf(database *stator.Database, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: database.HTTPClient()}, options...)
}

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
func number(value int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.Itoa(value)}
}

func createTable(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("things"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange}},
	})
	if err != nil {
		t.Fatal(err)
	}
	described := &dynamodb.DescribeTableInput{TableName: aws.String("things")}
	if err := dynamodb.NewTableExistsWaiter(client).Wait(context.Background(), described, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestItemsConditionsAndPages(t *testing.T) {
	client, ctx := client(t), context.Background()
	createTable(t, client)
	for i := 0; i < 20; i++ {
		if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("things"),
			Item: map[string]types.AttributeValue{"pk": text("a"), "sk": number(i), "blob": &types.AttributeValueMemberB{Value: []byte{0, 255}}}}); err != nil {
			t.Fatal(err)
		}
	}
	pages, count := 0, 0
	paginator := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: aws.String("things"), Limit: aws.Int32(7),
		KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: map[string]types.AttributeValue{":a": text("a")}})
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		pages, count = pages+1, count+len(page.Items)
	}
	if pages != 3 || count != 20 {
		t.Fatal(pages, count)
	}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("things"), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		Item: map[string]types.AttributeValue{"pk": text("a"), "sk": number(1)}, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || len(failed.Item) != 3 {
		t.Fatal(err)
	}
	var missing *types.ResourceNotFoundException
	if _, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("missing")}); !errors.As(err, &missing) {
		t.Fatal(err)
	}
}

func TestTransactionsAndStatements(t *testing.T) {
	client, ctx := client(t), context.Background()
	createTable(t, client)
	put := func(sk int, condition *string) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{TableName: aws.String("things"), ConditionExpression: condition,
			Item: map[string]types.AttributeValue{"pk": text("t"), "sk": number(sk)}}}
	}
	if _, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put(1, nil), put(2, nil)}}); err != nil {
		t.Fatal(err)
	}
	_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{put(3, nil), put(1, aws.String("attribute_not_exists(pk)"))}})
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || aws.ToString(cancelled.CancellationReasons[1].Code) != "ConditionalCheckFailed" {
		t.Fatal(err)
	}
	selected, err := client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String("SELECT * FROM things WHERE pk = 't'")})
	if err != nil || len(selected.Items) != 2 {
		t.Fatal(selected, err)
	}
}

func TestTheSDKHasNothingToWarnOf(t *testing.T) {
	var said strings.Builder
	client, ctx := clientOf(open(t), func(options *dynamodb.Options) { options.Logger = logging.NewStandardLogger(&said) }), context.Background()
	createTable(t, client)
	if _, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("missing")}); err == nil {
		t.Fatal("there is a table")
	}
	if _, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("things")}); err != nil || said.Len() > 0 {
		t.Fatal(err, said.String())
	}
}

func TestACancelledContextIsNotAnswered(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := client(t).ListTables(ctx, &dynamodb.ListTablesInput{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestAClosedDatabaseIsAskedOnce(t *testing.T) {
	database := open(t)
	client := clientOf(database)
	database.Close()
	_, err := client.ListTables(context.Background(), &dynamodb.ListTablesInput{})
	if !errors.Is(err, stator.ErrClosed) || strings.Contains(err.Error(), "attempts") {
		t.Fatal(err)
	}
}

func TestFaultsMeetTheClientsRetriesAndTimeouts(t *testing.T) {
	database, ctx := open(t), context.Background()
	client := clientOf(database)
	createTable(t, client)
	put := &dynamodb.PutItemInput{TableName: aws.String("things"), Item: map[string]types.AttributeValue{"pk": text("a"), "sk": number(1)}}
	instant := func(options *dynamodb.Options) {
		options.Retryer = retry.NewStandard(func(retries *retry.StandardOptions) {
			retries.MaxAttempts = 3
			retries.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	rule := `{"rules":[{"when":{"operation":"PutItem"%s},"then":%s}]}`
	for _, then := range []string{`{"cut":"before"}`, `{"cut":"after"}`, `{"throttle":"KeyRangeThroughputExceeded"}`, `{"error":"InternalServerError"}`} {
		if err := database.Simulate(fmt.Sprintf(rule, `,"first":2`, then)); err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutItem(ctx, put, instant); err != nil {
			t.Fatal(then, err)
		}
		if err := database.Simulate(fmt.Sprintf(rule, ``, then)); err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutItem(ctx, put, instant); err == nil || strings.Contains(then, "cut") && !errors.Is(err, stator.ErrCut) {
			t.Fatal(then, err)
		}
		if state, err := database.Simulated(); err != nil || !strings.Contains(string(state), `"acted":3`) {
			t.Fatal(string(state), err)
		}
	}
	if err := database.Simulate(fmt.Sprintf(rule, ``, `{"latency_ms":10000}`)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	hasty, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := client.PutItem(hasty, put); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
		t.Fatal(err, time.Since(begin))
	}
}
