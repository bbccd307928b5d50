"""The functions of libstator.so through ctypes, as include/stator/stator_c.h declares them."""

import ctypes
import glob
import os

ABI_VERSION = 1

LogFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class Reply(ctypes.Structure):
    _fields_ = [
        ("http_status", ctypes.c_int32),
        ("hold_ms", ctypes.c_uint32),
        ("error_type", ctypes.c_char_p),
        ("error_message", ctypes.c_char_p),
        ("body", ctypes.c_void_p),
        ("body_bytes", ctypes.c_size_t),
        ("owner", ctypes.c_void_p),
    ]


def _candidates():
    """Where the library may be: STATOR_LIBRARY if it is set, else in the wheel or on the system."""
    named = os.environ.get("STATOR_LIBRARY")
    if named:
        return [named]
    here = os.path.dirname(os.path.abspath(__file__))
    return sorted(glob.glob(os.path.join(here, "libstator.so*"))) + ["libstator.so.%d" % ABI_VERSION]


def _open_library():
    faults = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path)
        except OSError as fault:
            faults.append(str(fault))
    raise ImportError("stator: cannot load its library: " + "; ".join(faults))


def _load():
    library = _open_library()
    database, text, error = ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)
    signatures = {
        "stator_abi_version": (ctypes.c_uint32, []),
        "stator_version": (text, []),
        "stator_open": (database, [text, LogFunction, ctypes.c_void_p, error]),
        "stator_close": (None, [database]),
        "stator_call": (ctypes.c_int32, [database, text, text, text, ctypes.c_size_t, ctypes.POINTER(Reply)]),
        "stator_reply_free": (None, [ctypes.POINTER(Reply)]),
        "stator_save_snapshot": (ctypes.c_int32, [database, text, error]),
        "stator_restore_snapshot": (ctypes.c_int32, [database, text, error]),
        "stator_drop_snapshot": (ctypes.c_int32, [database, text, error]),
        "stator_snapshots": (ctypes.c_void_p, [database, error]),
        "stator_reset": (ctypes.c_int32, [database, error]),
        "stator_simulate": (ctypes.c_int32, [database, text, error]),
        "stator_simulated": (ctypes.c_void_p, [database, error]),
        "stator_clock": (ctypes.c_int64, [database]),
        "stator_set_clock": (ctypes.c_int32, [database, ctypes.c_int64, error]),
        "stator_advance_clock": (ctypes.c_int32, [database, ctypes.c_int64, error]),
        "stator_free": (None, [ctypes.c_void_p]),
    }
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError("stator: the library %s is older than this package: it has no %s" % (library._name, name)) from None
        function.restype = result
        function.argtypes = arguments
        if name == "stator_abi_version" and function() != ABI_VERSION:
            raise ImportError("stator: the library has version %d of its interface, this package wants %d" % (function(), ABI_VERSION))
    return library


library = _load()


def take_text(address):
    """Returns the text that the library returned at `address`, and frees it."""
    try:
        return ctypes.string_at(address).decode()
    finally:
        library.stator_free(address)


def checked(function, *arguments):
    """Calls a function that ends with `char **error`. Returns its result; raises RuntimeError with the line in `error`."""
    error = ctypes.c_void_p()
    result = function(*arguments, ctypes.byref(error))
    if error.value:
        raise RuntimeError(take_text(error.value))
    return result
