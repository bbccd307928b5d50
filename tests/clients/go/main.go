// The AWS SDK for Go v2 against a Stator server: prints "ok", or the code of the error reply. With STATOR_ATTEMPTS, it
// writes 20 items to an existing table, each in at most that many attempts, and prints how many it then finds: "ok 20".
// Environment: STATOR_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, STATOR_TABLE.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

func session(ctx context.Context, client *dynamodb.Client, table *string) error {
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            table,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		return err
	}
	wait := dynamodb.NewTableExistsWaiter(client)
	if err := wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, 30*time.Second); err != nil {
		return err
	}
	item := map[string]types.AttributeValue{"pk": text("é 😀"), "n": &types.AttributeValueMemberN{Value: "1"}}
	if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
		return err
	}
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: table, Key: map[string]types.AttributeValue{"pk": text("é 😀")}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	if n, ok := got.Item["n"].(*types.AttributeValueMemberN); !ok || n.Value != "1" {
		return fmt.Errorf("got %v", got.Item)
	}
	var missing *types.ConditionalCheckFailedException
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: table, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)")})
	if !errors.As(err, &missing) {
		return fmt.Errorf("a condition that fails: %v", err)
	}
	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Delete: &types.Delete{TableName: table, Key: map[string]types.AttributeValue{"pk": text("é 😀")}}}}})
	if err != nil {
		return err
	}
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: table})
	return err
}

func writes(ctx context.Context, client *dynamodb.Client, table *string) (int32, error) {
	for i := 0; i < 20; i++ {
		item := map[string]types.AttributeValue{"pk": text(strconv.Itoa(i))}
		if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
			return 0, err
		}
	}
	found, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: table, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return 0, err
	}
	return found.Count, nil
}

func main() {
	attempts, _ := strconv.Atoi(os.Getenv("STATOR_ATTEMPTS"))
	options := dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(os.Getenv("STATOR_URL")),
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		RetryMaxAttempts: 1,
	}
	if attempts > 0 {
		options.RetryMaxAttempts = attempts
		options.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.MaxBackoff = 50 * time.Millisecond
		})
	}
	client := dynamodb.New(options)
	table := aws.String(os.Getenv("STATOR_TABLE"))
	said := "ok"
	var err error
	if attempts > 0 {
		var found int32
		found, err = writes(context.Background(), client, table)
		said = fmt.Sprintf("ok %d", found)
	} else {
		err = session(context.Background(), client, table)
	}
	var answered smithy.APIError
	if errors.As(err, &answered) {
		fmt.Println(answered.ErrorCode())
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(said)
}
