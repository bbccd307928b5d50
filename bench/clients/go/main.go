// Calls GetItem again and again through the AWS SDK for Go v2 (bench/bindings): main "in process"|URL CALLS. Prints
// nanoseconds, as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	stator "stator/bindings/go"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	where := os.Args[1]
	calls, err := strconv.Atoi(os.Args[2])
	must(err)
	options := dynamodb.Options{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	if where == "in process" {
		database, err := stator.Open(stator.Options{})
		must(err)
		defer database.Close()
		options.HTTPClient = database.HTTPClient()
	} else {
		options.BaseEndpoint = aws.String(where)
	}
	client, ctx, table := dynamodb.New(options), context.Background(), aws.String("bench")
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "a"}}
	_, err = client.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}}})
	var there *types.ResourceInUseException
	if !errors.As(err, &there) {
		must(err)
	}
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: map[string]types.AttributeValue{
		"pk": key["pk"], "text": &types.AttributeValueMemberS{Value: strings.Repeat("x", 100)}, "n": &types.AttributeValueMemberN{Value: "1"}}})
	must(err)
	times := make([]int64, 0, calls)
	for call := range calls + calls/5 {
		began := time.Now()
		got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key})
		took := time.Since(began)
		must(err)
		if len(got.Item) != 3 {
			panic("not the item")
		}
		if call >= calls/5 {
			times = append(times, took.Nanoseconds())
		}
	}
	must(json.NewEncoder(os.Stdout).Encode(times))
}
