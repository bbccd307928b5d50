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

// logger is what the library hands to statorGoLog, in memory of C's: a handle of the function. Nil: there is none.
type logger struct{ context unsafe.Pointer }

func newLogger(log func(line string)) logger {
	if log == nil {
		return logger{}
	}
	context := C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0))))
	*(*cgo.Handle)(context) = cgo.NewHandle(log)
	return logger{context}
}

// function is what stator_open takes.
func (l logger) function() *C.stator_log_function {
	if l.context == nil {
		return nil
	}
	return (*C.stator_log_function)(unsafe.Pointer(C.statorGoLog))
}

// free is for when the library has closed the database.
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
