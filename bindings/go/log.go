package stator

/*
#include <stdlib.h>
#include <stator/stator_c.h>

extern void statorGoLog(void* context, char* line, size_t size);
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// logger is the context that the library passes to statorGoLog: a handle of the Go function, in C memory. Nil: there is no
// function.
type logger struct{ context unsafe.Pointer }

func newLogger(log func(line string)) logger {
	if log == nil {
		return logger{}
	}
	context := C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0))))
	*(*cgo.Handle)(context) = cgo.NewHandle(log)
	return logger{context}
}

// function returns the function for stator_open.
func (l logger) function() *C.stator_log_function {
	if l.context == nil {
		return nil
	}
	return (*C.stator_log_function)(unsafe.Pointer(C.statorGoLog))
}

// free is to be called when the library has closed the database.
func (l logger) free() {
	if l.context == nil {
		return
	}
	(*cgo.Handle)(l.context).Delete()
	C.free(l.context)
}

//export statorGoLog
func statorGoLog(context unsafe.Pointer, line *C.char, size C.size_t) {
	(*cgo.Handle)(context).Value().(func(string))(C.GoStringN(line, C.int(size)))
}
