// guregu/dynamo against a Stator server: prints "ok", or what differed from the expectation.
// Environment: STATOR_URL.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/guregu/dynamo/v2"
)

type address struct {
	City string
	Zip  int `dynamo:"zip"`
}

type order struct {
	Customer string            `dynamo:"customer,hash"`
	At       time.Time         `dynamo:"at,range"`
	Status   string            `dynamo:"status" index:"by-status,hash"`
	Total    int               `dynamo:"total" index:"by-status,range"`
	Tags     []string          `dynamo:"tags,set,omitempty"`
	To       address           `dynamo:"to"`
	Notes    map[string]string `dynamo:"notes"`
	Raw      []byte            `dynamo:"raw,omitempty"`
	Expires  time.Time         `dynamo:"expires,unixtime,omitempty"`
}

func expect(what string, actual, wanted any) {
	if !reflect.DeepEqual(actual, wanted) {
		panic(fmt.Sprintf("%s: %v, expected %v", what, actual, wanted))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func day(n int) time.Time { return time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC) }

func program(ctx context.Context, db *dynamo.DB) {
	must(db.CreateTable("orders", order{}).OnDemand(true).Project("by-status", dynamo.AllProjection).Wait(ctx))
	table := db.Table("orders")
	description, err := table.Describe().Run(ctx)
	must(err)
	expect("indexes", len(description.GSI), 1)
	for n := range 40 {
		status := []string{"new", "paid"}[n%2]
		must(table.Put(order{Customer: "ann", At: day(n), Status: status, Total: n, Tags: []string{"a", "b"}, To: address{"Delft", 2611},
			Notes: map[string]string{"k": "v"}, Raw: []byte{0, 255}, Expires: day(9000)}).If("attribute_not_exists(customer)").Run(ctx))
	}
	err = table.Put(order{Customer: "ann", At: day(1)}).If("attribute_not_exists($)", "customer").Run(ctx)
	expect("a condition that fails", dynamo.IsCondCheckFailed(err), true)
	var one order
	must(table.Get("customer", "ann").Range("at", dynamo.Equal, day(3)).Consistent(true).One(ctx, &one))
	expect("one", one, order{"ann", day(3), "paid", 3, []string{"a", "b"}, address{"Delft", 2611}, map[string]string{"k": "v"}, []byte{0, 255}, one.Expires})
	expect("expires", one.Expires.Unix(), day(9000).Unix())
	err = table.Get("customer", "bob").Range("at", dynamo.Equal, day(3)).One(ctx, &one)
	expect("none", errors.Is(err, dynamo.ErrNotFound), true)

	var some []order
	must(table.Get("customer", "ann").Range("at", dynamo.Between, day(5), day(25)).Filter("'status' = ? AND 'total' > ?", "new", 9).Order(dynamo.Descending).All(ctx, &some))
	expect("filtered", []int{len(some), some[0].Total, some[7].Total}, []int{8, 24, 10})
	var key dynamo.PagingKey
	seen := 0
	for {
		var page []order
		key, err = table.Get("customer", "ann").StartFrom(key).SearchLimit(7).AllWithLastEvaluatedKey(ctx, &page)
		must(err)
		seen += len(page)
		if key == nil {
			break
		}
	}
	expect("pages", seen, 40)
	some = nil // All appends
	must(table.Get("status", "paid").Index("by-status").Range("total", dynamo.GreaterOrEqual, 31).ProjectExpr("'total', 'to'.City").All(ctx, &some))
	expect("index", []any{len(some), some[0].Total, some[0].To.City, some[0].Status}, []any{5, 31, "Delft", ""})
	count, err := table.Get("customer", "ann").Count(ctx)
	must(err)
	expect("count", count, 40)
	some = nil // All appends
	must(table.Scan().Filter("contains(tags, ?)", "a").Limit(11).All(ctx, &some))
	expect("scan", len(some), 11)

	must(table.Update("customer", "ann").Range("at", day(3)).Set("'to'.City", "Leiden").Add("total", 100).DeleteStringsFromSet("tags", "a").
		SetIfNotExists("status", "x").Remove("raw").If("'total' = ?", 3).Value(ctx, &one))
	expect("updated", []any{one.To.City, one.Total, one.Tags, one.Status}, []any{"Leiden", 103, []string{"b"}, "paid"})
	var old order
	must(table.Delete("customer", "ann").Range("at", day(4)).OldValue(ctx, &old))
	expect("old", old.Total, 4)

	var items []any
	var keys []dynamo.Keyed
	for n := range 60 {
		items = append(items, order{Customer: "batch", At: day(n)})
		keys = append(keys, dynamo.Keys{"batch", day(n)})
	}
	wrote, err := table.Batch("customer", "at").Write().Put(items...).Run(ctx)
	must(err)
	expect("wrote", wrote, 60)
	some = nil // All appends
	must(table.Batch("customer", "at").Get(keys...).Consistent(true).All(ctx, &some))
	expect("batch", len(some), 60)
	_, err = table.Batch("customer", "at").Write().Delete(keys[:30]...).Run(ctx)
	must(err)

	token := db.WriteTx().IdempotentWithToken("once")
	must(token.Put(table.Put(order{Customer: "tx", At: day(0), Total: 1})).Update(table.Update("customer", "ann").Range("at", day(5)).Add("total", 1)).
		Delete(table.Delete("customer", "batch").Range("at", day(40))).Check(table.Check("customer", "ann").Range("at", day(6)).If("'total' = ?", 6)).Run(ctx))
	err = db.WriteTx().Put(table.Put(order{Customer: "tx", At: day(1)})).Check(table.Check("customer", "ann").Range("at", day(6)).If("'total' = ?", 7)).Run(ctx)
	expect("cancelled", dynamo.IsCondCheckFailed(err), true)
	var a, b order
	must(db.GetTx().GetOne(table.Get("customer", "tx").Range("at", dynamo.Equal, day(0)), &a).GetOne(table.Get("customer", "ann").Range("at", dynamo.Equal, day(5)), &b).Run(ctx))
	expect("transaction", []int{a.Total, b.Total}, []int{1, 6})
	must(table.UpdateTTL("expires", true).Run(ctx))
	ttl, err := table.DescribeTTL().Run(ctx)
	must(err)
	expect("ttl", ttl.Attribute, "expires")
	must(table.DeleteTable().Wait(ctx))
	names, err := db.ListTables().All(ctx)
	must(err)
	expect("tables", len(names), 0)
}

func main() {
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Println(fault)
			os.Exit(1)
		}
	}()
	db := dynamo.New(aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")},
		func(options *dynamodb.Options) { options.BaseEndpoint = aws.String(os.Getenv("STATOR_URL")) })
	program(context.Background(), db)
	fmt.Println("ok")
}
