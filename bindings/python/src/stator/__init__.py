"""Stator inside Python: a DynamoDB-compatible database in the process, without a server and without a network.

    database = stator.Database()                # in memory; Database("./data") on a directory
    database.call("ListTables")

`stator.boto3` makes real boto3 clients and resources that are answered by it.
"""

from . import _native
from .database import Database, OperationError, Reply, default_database

__all__ = ["Database", "OperationError", "Reply", "default_database", "__version__"]

__version__: str = _native.library.stator_version().decode()
