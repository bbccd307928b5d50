module stator/bindings/go

go 1.21
