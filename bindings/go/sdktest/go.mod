module stator/bindings/go/sdktest

go 1.24

require (
	github.com/aws/aws-sdk-go-v2 v1.48.0
	github.com/aws/aws-sdk-go-v2/service/dynamodb v1.74.0
	github.com/aws/smithy-go v1.28.9
	stator/bindings/go v0.0.0
)

replace stator/bindings/go => ../
