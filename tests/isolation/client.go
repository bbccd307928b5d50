package isolation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const table = "histories"

type object = map[string]interface{}

// errNoReply means that the request may or may not have been executed.
var errNoReply = errors.New("no reply")

// refusal is a failure that the operation provides for: a condition did not hold.
type refusal struct {
	item    object // the item before the write, if it was requested
	reasons []string
}

func (refusal) Error() string { return "refused" }

// Client calls one DynamoDB API for one history. Only one goroutine may use it.
type Client struct {
	http    *http.Client
	url     func() string
	history string
}

// NewClient returns a client that sends each request to the current result of `url`.
func NewClient(url func() string, history string) *Client {
	return &Client{http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1}},
		url: url, history: history}
}

// Close ends the kept connection.
func (client *Client) Close() { client.http.CloseIdleConnections() }

// call returns the reply, errNoReply, a refusal, or any other answer as an error.
func (client *Client) call(operation string, request object) (object, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequest(http.MethodPost, client.url(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/x-amz-json-1.0")
	post.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	post.Header.Set("X-Amz-Date", "20230101T000000Z")
	post.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20230101/us-east-1/dynamodb/aws4_request, "+
		"SignedHeaders=host, Signature=0")
	answer, err := client.http.Do(post)
	if err != nil {
		return nil, errNoReply
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, errNoReply
	}
	reply := object{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &reply); err != nil {
			return nil, fmt.Errorf("%s: %s", operation, text)
		}
	}
	if answer.StatusCode == http.StatusOK {
		return reply, nil
	}
	return nil, refusalOr(fmt.Errorf("%s %s: %d %s", operation, body, answer.StatusCode, text), reply)
}

// refusalOr returns a refusal if conditions failed, and `other` for all other errors.
func refusalOr(other error, reply object) error {
	kind, _ := reply["__type"].(string)
	switch {
	case strings.HasSuffix(kind, "#ConditionalCheckFailedException"):
		item, _ := reply["Item"].(object)
		return refusal{item: item}
	case strings.HasSuffix(kind, "#TransactionCanceledException"):
		found := refusal{}
		reasons, _ := reply["CancellationReasons"].([]interface{})
		for _, reason := range reasons {
			code, _ := reason.(object)["Code"].(string)
			if code != "None" && code != "ConditionalCheckFailed" {
				return other
			}
			found.reasons = append(found.reasons, code)
		}
		return found
	}
	return other
}

func text(value string) object { return object{"S": value} }
func number(value int) object  { return object{"N": strconv.Itoa(value)} }

func (client *Client) key(key int) object {
	return object{"pk": text(client.history), "sk": text(string(rune(keyName(key))))}
}

// parseItem reads an item of a reply; nil means that the item does not exist.
func (client *Client) parseItem(wire object) (Item, error) {
	item := Item{Exists: wire != nil}
	for name, value := range wire {
		var ok bool
		typed, _ := value.(object)
		switch name {
		case "pk", "g":
			ok = typed["S"] == client.history
		case "sk":
			_, ok = typed["S"].(string)
		case "v":
			item.Text, ok = typed["S"].(string)
		case "n":
			digits, _ := typed["N"].(string)
			var err error
			item.Count, err = strconv.Atoi(digits)
			item.HasN, ok = true, err == nil
		case "l":
			var elements []interface{}
			elements, ok = typed["L"].([]interface{})
			for _, element := range elements {
				content, _ := element.(object)["S"].(string)
				item.List += content + ","
			}
		}
		if !ok {
			return item, fmt.Errorf("an item that nobody wrote: %v", wire)
		}
	}
	return item, nil
}

// writeRequest returns the action as members of PutItem, UpdateItem, DeleteItem, or of an entry of TransactItems.
func (client *Client) writeRequest(action Action) (operation string, request object) {
	names, values, update := object{}, object{}, ""
	request = object{"TableName": table}
	switch action.Kind {
	case Put:
		operation = "Put"
		item := client.key(action.Key)
		item["g"], item["v"] = text(client.history), text(action.Text)
		request["Item"] = item
	case Set:
		update = "SET #v = :v, #g = :g"
		names["#v"], values[":v"] = "v", text(action.Text)
	case Add:
		update = "ADD #n :n SET #g = :g"
		names["#n"], values[":n"] = "n", number(action.Delta)
	case Append:
		update = "SET #l = list_append(if_not_exists(#l, :none), :l), #g = :g"
		names["#l"], values[":l"] = "l", object{"L": []object{text(action.Text)}}
		values[":none"] = object{"L": []object{}}
	case Delete:
		operation = "Delete"
	case Check:
		operation = "ConditionCheck"
	}
	if update != "" {
		operation = "Update"
		request["UpdateExpression"] = update
		names["#g"], values[":g"] = "g", text(client.history)
	}
	if action.Kind != Put {
		request["Key"] = client.key(action.Key)
	}
	if condition := conditionText(action.Condition, names, values); condition != "" {
		request["ConditionExpression"] = condition
	}
	if len(names) > 0 {
		request["ExpressionAttributeNames"] = names
	}
	if len(values) > 0 {
		request["ExpressionAttributeValues"] = values
	}
	return operation, request
}

func conditionText(condition Condition, names, values object) string {
	switch condition.Kind {
	case Absent:
		return "attribute_not_exists(pk)"
	case Present:
		return "attribute_exists(pk)"
	case TextIs:
		names["#v"], values[":is"] = "v", text(condition.Operand)
		return "#v = :is"
	case AtLeast:
		names["#n"], values[":least"] = "n", number(condition.Least)
		return "#n >= :least"
	}
	return ""
}

// Write calls PutItem, UpdateItem or DeleteItem.
func (client *Client) Write(action Action, images Images) (Output, error) {
	operation, request := client.writeRequest(action)
	switch images {
	case OldImage:
		request["ReturnValues"] = "ALL_OLD"
		if action.Condition.Kind != Always {
			request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
		}
	case NewImage:
		request["ReturnValues"] = "ALL_NEW"
	}
	reply, err := client.call(operation+"Item", request)
	var refused refusal
	if errors.As(err, &refused) {
		image, err := client.parseItem(refused.item)
		return Output{Refused: true, Image: image}, err
	}
	if err != nil {
		return Output{Unknown: true}, err
	}
	attributes, _ := reply["Attributes"].(object)
	image, err := client.parseItem(attributes)
	return Output{Image: image}, err
}

// Transact calls TransactWriteItems.
func (client *Client) Transact(actions []Action, token string) (Output, error) {
	items := []object{}
	for _, action := range actions {
		operation, request := client.writeRequest(action)
		items = append(items, object{operation: request})
	}
	_, err := client.call("TransactWriteItems", object{"TransactItems": items, "ClientRequestToken": token})
	var refused refusal
	if errors.As(err, &refused) {
		reasons := strings.Builder{}
		for _, code := range refused.reasons {
			reasons.WriteString(map[string]string{"None": ".", "ConditionalCheckFailed": "x"}[code])
		}
		return Output{Refused: true, Reasons: reasons.String()}, nil
	}
	return Output{Unknown: err != nil}, err
}

// BatchWrite calls BatchWriteItem with puts and deletes, which have no conditions.
func (client *Client) BatchWrite(actions []Action) (Output, error) {
	requests := []object{}
	for _, action := range actions {
		operation, request := client.writeRequest(action)
		delete(request, "TableName")
		requests = append(requests, object{operation + "Request": request})
	}
	reply, err := client.call("BatchWriteItem", object{"RequestItems": object{table: requests}})
	if unprocessed, _ := reply["UnprocessedItems"].(object); err == nil && len(unprocessed) > 0 {
		return Output{}, fmt.Errorf("BatchWriteItem: %v", reply)
	}
	return Output{Unknown: err != nil}, err
}

// Get calls GetItem.
func (client *Client) Get(key int, consistent bool) (Output, error) {
	reply, err := client.call("GetItem", object{"TableName": table, "Key": client.key(key), "ConsistentRead": consistent})
	if err != nil {
		return Output{Unknown: true}, err
	}
	wire, _ := reply["Item"].(object)
	item, err := client.parseItem(wire)
	return Output{Items: []Item{item}}, err
}

// TransactGet calls TransactGetItems.
func (client *Client) TransactGet(keys []int) (Output, error) {
	gets := []object{}
	for _, key := range keys {
		gets = append(gets, object{"Get": object{"TableName": table, "Key": client.key(key)}})
	}
	reply, err := client.call("TransactGetItems", object{"TransactItems": gets})
	if err != nil {
		return Output{Unknown: true}, err
	}
	output := Output{}
	responses, _ := reply["Responses"].([]interface{})
	if len(responses) != len(keys) {
		return output, fmt.Errorf("TransactGetItems: %v", reply)
	}
	for _, response := range responses {
		wire, _ := response.(object)["Item"].(object)
		item, err := client.parseItem(wire)
		if err != nil {
			return output, err
		}
		output.Items = append(output.Items, item)
	}
	return output, nil
}

// ReadAll calls BatchGetItem, Query, Scan, or a Query or Scan of the index; returns the items of all keys, in the order
// of the keys.
func (client *Client) ReadAll(operation string, index, consistent bool) (Output, error) {
	request := object{"TableName": table, "ConsistentRead": consistent && !index}
	hash := "pk"
	if index {
		request["IndexName"], hash = "all", "g"
	}
	switch operation {
	case "BatchGetItem":
		keys := []object{}
		for key := 0; key < Keys; key++ {
			keys = append(keys, client.key(key))
		}
		request = object{"RequestItems": object{table: object{"Keys": keys, "ConsistentRead": consistent}}}
	case "Query":
		request["KeyConditionExpression"] = hash + " = :h"
		request["ExpressionAttributeValues"] = object{":h": text(client.history)}
	case "Scan":
		request["FilterExpression"] = hash + " = :h"
		request["ExpressionAttributeValues"] = object{":h": text(client.history)}
	}
	wires := []interface{}{}
	for {
		reply, err := client.call(operation, request)
		if err != nil {
			return Output{Unknown: true}, err
		}
		found, _ := reply["Items"].([]interface{})
		if operation == "BatchGetItem" {
			responses, _ := reply["Responses"].(object)
			found, _ = responses[table].([]interface{})
			if unprocessed, _ := reply["UnprocessedKeys"].(object); len(unprocessed) > 0 {
				return Output{}, fmt.Errorf("BatchGetItem: %v", reply)
			}
		}
		wires = append(wires, found...)
		if reply["LastEvaluatedKey"] == nil {
			break
		}
		request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
	}
	return client.byKey(operation, wires)
}

func (client *Client) byKey(operation string, wires []interface{}) (Output, error) {
	output := Output{Items: make([]Item, Keys)}
	for _, wire := range wires {
		item, err := client.parseItem(wire.(object))
		if err != nil {
			return output, err
		}
		name, _ := wire.(object)["sk"].(object)["S"].(string)
		if len(name) != 1 || name[0] < keyName(0) || name[0] >= keyName(Keys) || output.Items[name[0]-keyName(0)].Exists {
			return output, fmt.Errorf("%s: a key that is not ours, or twice: %v", operation, wires)
		}
		output.Items[name[0]-keyName(0)] = item
	}
	return output, nil
}

// CreateTable creates the table that all histories share.
func CreateTable(url string) error {
	client := NewClient(func() string { return url }, "")
	defer client.Close()
	_, err := client.call("CreateTable", object{"TableName": table, "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": []object{{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}},
		"AttributeDefinitions": []object{{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
			{"AttributeName": "g", "AttributeType": "S"}},
		"GlobalSecondaryIndexes": []object{{"IndexName": "all", "Projection": object{"ProjectionType": "ALL"},
			"KeySchema": []object{{"AttributeName": "g", "KeyType": "HASH"}}}}})
	return err
}
