"""dbt that stays: loaded once and forked for each call, since most of a short build's time goes into loading dbt and into what it
compiles the first time it is used.

    dbt_worker.py serve SOCKET ADAPTER      takes calls until it is ended
    dbt_worker.py call SOCKET [ARGUMENT]... does and ends as `dbt ARGUMENT...` would

A call has the caller's arguments, environment, folder and streams, gets the signals that the caller gets, and ends when the
caller does. Each is dbt in a process of its own, which leaves nothing behind: no open warehouse, no memory. The first one of a
parsed project on DuckDB is done by the worker itself, so that the others find compiled what it compiled.

When that one leaves a thread or fails, and after CALLS_MAX calls in any case, the worker begins again as a new process.

Whether the project must be parsed again is looked at by each call, as dbt does it: by the contents of its files.
"""

import json
import marshal
import os
import select
import signal
import socket
import sys
import time

REQUEST_BYTES_MAX = 1 << 20
CALLS_MAX = 100
# A build needs about four hundred.
COMPILED_MAX = 2000
# They are 1 MB.
COMPILED_BYTES_MAX = 32 << 20
LINE_MAX = 4096
# The file with what other processes compiled, in a folder that nobody else may write; empty: there is none.
KEPT = "SDP_DBT_COMPILED"
CONNECT_SECONDS_MAX = 20
# Not one of dbt's: it could not be asked.
NO_WORKER = 3
# Who sets one of these wants to read what dbt tells of itself.
LEVELS = {"DBT_DEBUG", "DBT_LOG_LEVEL", "DBT_LOG_LEVEL_FILE"}


# --- the caller ---


def call(address: str, arguments: list[str]) -> None:
    """Does not return."""
    server = connected(address)
    umask = os.umask(0o022)
    os.umask(umask)
    request = json.dumps([["dbt", *arguments], os.getcwd(), umask, dict(os.environ)]).encode()
    socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(request)
    try:
        code = answer(server)
    except ConnectionError:
        code = b""
    if not code:
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(code[0])


def answer(server: socket.socket) -> bytes:
    """How the call ended, as a byte; until then the worker is told of each signal. A handler in Python would run only when
    recv() returns, if the signal came just before it began to wait; the byte that Python's own handler writes ends select()."""
    heard, signals = socket.socketpair()
    signals.setblocking(False)
    signal.set_wakeup_fd(signals.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: None)
    while True:
        ready, _, _ = select.select([server, heard], [], [])
        if server in ready:
            return server.recv(1)
        server.sendall(heard.recv(64))


def connected(address: str) -> socket.socket:
    """A worker listens before it loads anything; only its start has to be waited for."""
    server = socket.socket(socket.AF_UNIX)
    deadline = time.monotonic() + CONNECT_SECONDS_MAX
    while True:
        try:
            server.connect(address)
            return server
        except OSError as error:
            if time.monotonic() > deadline:
                print(f"no worker of dbt answers at {address}: {error}", file=sys.stderr)
                sys.exit(NO_WORKER)
            time.sleep(0.02)


# --- the worker: what it needs is loaded by it alone, as a caller is to begin at once ---


def serve(address: str, adapter: str, listener: socket.socket) -> None:
    import importlib
    from multiprocessing import resource_tracker

    # Python starts this process when it first needs it, and it keeps the streams that there are then.
    resource_tracker.ensure_running()
    load_quickly()
    importlib.import_module(f"dbt.adapters.{adapter}")
    import dbt.cli.main  # noqa: F401  For the forks.

    if not LEVELS & set(os.environ):
        work_quickly("info", "warn", "error")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for forks: they say how they end.
    has_compiled = adapter != "duckdb"
    is_as_it_was = True
    for _ in range(CALLS_MAX):
        client, _ = listener.accept()
        try:
            caller = Caller(client)
        except (OSError, ValueError):
            client.close()
            continue
        if has_compiled or not is_parsed(caller.environment):
            fork_for(caller, listener, run_dbt)
            continue
        has_compiled = True
        is_as_it_was = do_here(caller)
        if not is_as_it_was:
            break
    begin_again(address, adapter, listener)


def begin_again(address: str, adapter: str, listener: socket.socket) -> None:
    """As a new process, to which calls that wait already are left. Does not return."""
    os.set_inheritable(listener.fileno(), True)
    number = str(listener.fileno())
    os.execv(sys.executable, [sys.executable, "-BP", __file__, "serve", address, adapter, number])


def is_parsed(environment: dict[str, str]) -> bool:
    """dbt's parser leaves threads behind, and forks of a process with threads may wait for what those hold."""
    of_target = os.path.join(environment.get("DBT_TARGET_PATH", "target"), "partial_parse.msgpack")
    return os.path.exists(environment.get("DBT_PARTIAL_PARSE_FILE_PATH") or of_target)


def listening(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    return listener


def load_quickly() -> None:
    """Before dbt is imported: of what it makes as its modules are loaded, a build needs half.

    * Its 340 classes get the methods that read and write them, two of each kind, when one is called.
    * Functions are not wrapped for dbt's recorder, which nobody turns on here.
    * Python hardly looks for garbage, of which there is none among modules, nor later, as it would walk all contexts of a build
      each time.
    """
    import gc

    # The objects of five builds, which take about 100 MB.
    gc.set_threshold(1_000_000, 10, 10)

    from mashumaro.core.meta.code.builder import CodeBuilder
    from mashumaro.mixins import dict as mixin

    def when_called(compile_method, name_for, coder, as_method):
        def compile_later(cls, format_name="dict", **named):
            name = name_for(format_name=format_name, **{coder: named.get(coder)})

            def compile_now(asked, *arguments, **others):
                compile_method(cls, format_name=format_name, **named)
                return getattr(asked, name)(*arguments, **others)

            for each in (name, name.public):
                setattr(cls, each, as_method(compile_now))

        return compile_later

    mixin.compile_mixin_unpacker = when_called(
        mixin.compile_mixin_unpacker, CodeBuilder.get_unpack_method_name, "decoder", classmethod
    )
    mixin.compile_mixin_packer = when_called(
        mixin.compile_mixin_packer, CodeBuilder.get_pack_method_name, "encoder", lambda method: method
    )

    import dbt_common.record

    dbt_common.record.get_record_types_from_env = lambda: ["none"]


def work_quickly(*told: str) -> None:
    """dbt in this process does from now on only what somebody looks at, and does it once; it does the same as before.

    * Events are made of the levels `told`, those that say whether dbt parsed the project again, and those that a callback
      asks for. Each model has dozens of others, for dbt's file of logs. What an event says is put together when it is read.
    * Each node, and each macro that an adapter runs, has a context with all macros, see make_contexts_quickly.
    * A model's template is compiled once, not in each build; and the tables of English dates are made once, not for each
      answer of a warehouse.
    * A build writes its manifest at its end alone, see write_manifest_once; and JSON is written in one piece, which Python's encoder
      in C does.
    * Who made a flag of an adapter is read from the stack alone, not from the files of all modules.
    """
    import functools
    import types

    import parsedatetime
    from dbt.events.logging import track_behavior_change_warn
    from dbt_common import behavior_flags, dataclass_schema
    from dbt_common.events.base_types import BaseEvent
    from dbt_common.events.event_manager import EventManager
    from jinja2 import Environment

    fire, compile_template, build_schema = (
        EventManager.fire_event,
        Environment.compile,
        dataclass_schema.build_json_schema,
    )
    put_together, read, write = BaseEvent.__init__, BaseEvent.__getattr__, BaseEvent.__setattr__

    def fire_event(manager, event, level=None, *more, **others):
        asked = (level or event.level_tag()).value in told or type(event).__name__.startswith("PartialParsing")
        if asked or manager.callbacks != [track_behavior_change_warn]:
            fire(manager, event, level, *more, **others)

    def keep(event, *arguments, **named):
        event.__dict__["kept"] = arguments, named

    def put_together_now(event):
        if "kept" in event.__dict__:
            arguments, named = event.__dict__.pop("kept")
            put_together(event, *arguments, **named)

    def read_event(event, key):
        put_together_now(event)
        return event.__dict__[key] if key in event.__dict__ else read(event, key)

    def write_event(event, key, value):
        put_together_now(event)
        write(event, key, value)

    def compile_once(environment, source, name=None, filename=None, raw=False, defer_init=False):
        if not isinstance(source, str) or name or filename or raw or defer_init:
            return compile_template(environment, source, name, filename, raw, defer_init)
        return COMPILED.once(f"{name_of(type(environment))} {source}", lambda: compile_template(environment, source))

    def build_schema_once(cls):
        schema = COMPILED.once(name_of(cls), lambda: build_schema(cls).to_dict())
        return types.SimpleNamespace(to_dict=lambda: schema)

    EventManager.fire_event = fire_event
    BaseEvent.__init__, BaseEvent.__getattr__, BaseEvent.__setattr__ = keep, read_event, write_event
    Environment.compile, dataclass_schema.build_json_schema = compile_once, build_schema_once
    parsedatetime.Constants = functools.cache(parsedatetime.Constants)
    behavior_flags.BehaviorFlagRendered._default_source = staticmethod(source_of_a_flag)
    make_contexts_quickly()
    write_manifest_once()


def name_of(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


class Compiled:
    """Code of templates, and JSON schemas of dbt's classes, each under all that it was made of but the versions of the programs."""

    def __init__(self):
        self._all = {}
        self._taken = 0

    def once(self, key: str, make):
        if key in self._all:
            return self._all[key]
        one = make()
        if len(self._all) < COMPILED_MAX:
            self._all[key] = one
        return one

    def take(self, path: str) -> None:
        """What cannot be read, or is of other versions, is as good as none."""
        try:
            with open(path, "rb") as file:
                versions, digest, body = file.readline(LINE_MAX), file.readline(LINE_MAX), file.read(COMPILED_BYTES_MAX)
        except OSError:
            return
        if versions == self._versions() and digest == self._digest(body):
            self._all |= marshal.loads(body)
            self._taken = len(self._all)

    def keep(self, path: str) -> None:
        if not path or len(self._all) == self._taken:
            return
        new = f"{path}.{os.getpid()}"
        # Where it cannot be written, the next one compiles again; what was written in part is removed with the next project.
        try:
            body = marshal.dumps(self._all)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.writelines((self._versions(), self._digest(body), body))
            os.replace(new, path)
        except (OSError, ValueError):
            return

    @staticmethod
    def _versions() -> bytes:
        from importlib.metadata import version

        made_by = ("dbt-core", "dbt-common", "dbt-adapters", "jinja2", "mashumaro")
        return repr([sys.version, *(version(name) for name in made_by)]).encode() + b"\n"

    @staticmethod
    def _digest(body: bytes) -> bytes:
        import hashlib

        return hashlib.sha256(body).hexdigest().encode() + b"\n"


COMPILED = Compiled()


def source_of_a_flag() -> str:
    """The module that makes it."""
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] in (__name__, "dbt_common.behavior_flags"):
        frame = frame.f_back
    return frame.f_globals["__name__"]


def write_manifest_once() -> None:
    """dbt writes a build's manifest when the project is parsed and, with what was compiled, when the build ends. Only one that
    fails before it ends needs the first."""
    from dbt.cli import requires
    from dbt.parser.manifest import write_manifest
    from dbt.task.build import BuildTask

    parse, build = requires.parse_manifest, BuildTask.run

    def parse_manifest(config, write_perf_info, write, write_json, integrations):
        return parse(config, write_perf_info, write and config.args.which != "build", write_json, integrations)

    def run(task):
        try:
            return build(task)
        except BaseException:
            if task.args.write_json:
                write_manifest(task.manifest, task.config.project_target_path)
            raise

    def dump(data, file, **options):
        file.write(json.dumps(data, **options))

    requires.parse_manifest, BuildTask.run = parse_manifest, run
    json.dump = dump


def make_contexts_quickly() -> None:
    """A short build makes two hundred contexts of a thousand names each.

    * Macros are put into their packages without the steps that ask of each what is the same for all of a package.
    * Which macro a name means is decided once a context, not for each lookup.
    * Flags and arguments are listed once a call of dbt, the modules that a template may use once. What few models ask for is
      made when it is asked for: variables by package, and what errors say of the node.
    """
    import copy
    import functools

    import dbt.flags
    from dbt.clients.jinja import MacroGenerator
    from dbt.context import base, providers
    from dbt.context.base import Var
    from dbt.context.exceptions_jinja import CONTEXT_EXPORTS, wrapper
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder

    build_namespace_of = MacroNamespaceBuilder.build_namespace
    plans = [(None, None)]

    def plan_of(macros_by_package):
        """Of each package its macros by name, once for a manifest."""
        of, plan = plans[0]
        if of is not macros_by_package:
            plan = [(package, list(macros.items())) for package, macros in macros_by_package.items()]
            plans[0] = macros_by_package, plan
        return plan

    def build_namespace(builder, macros_by_package, context):
        node, stack, new = builder.node, builder.thread_ctx, MacroGenerator.__new__
        for package, macros in plan_of(macros_by_package):
            generators = {}
            for name, macro in macros:
                generators[name] = one = new(MacroGenerator)
                one.context, one.macro, one.node, one.stack = context, macro, node, stack
            if package in builder.internal_package_names:
                builder.internal_packages[package] = generators
            else:
                builder.packages[package] = generators
        builder.locals = builder.packages.get(builder.search_package, {})
        if builder.root_package != builder.search_package:
            builder.globals = builder.packages.get(builder.root_package, {})
        return build_namespace_of(builder, {}, context)

    def by_name(namespace):
        if "by_name" not in namespace.__dict__:
            namespace.by_name = {}
            for macros in reversed(list(namespace._search_order())):
                namespace.by_name.update(macros)
        return namespace.by_name

    def init_var(var, context, cli_vars, node=None, require_vars=True):
        var._context, var._cli_vars, var._node, var._require_vars = context, cli_vars, node, require_vars
        if isinstance(var, providers.ModelConfiguredVar):
            # As merging them would have: others count on it.
            var._config.load_dependencies()

    def merge_when_asked(var, name):
        if name != "_merged":
            raise AttributeError(name)
        var._merged = var._generate_merged()
        return var._merged

    listed = {}

    def once_a_call(make, copied, *arguments):
        """What dbt makes of its flags, of which each call has an object of its own."""
        kept = listed.get(make)
        if kept is None or kept[0] is not dbt.flags.get_flags() or kept[1] != list(map(id, arguments)):
            # The arguments are kept, so that their identities are those of no others.
            kept = listed[make] = dbt.flags.get_flags(), list(map(id, arguments)), arguments, make(*arguments)
        return copied(kept[-1])

    def call_export(model, export, *arguments, **named):
        return wrapper(model)(export)(*arguments, **named)

    def wrapped_exports(model):
        return {name: functools.partial(call_export, model, export) for name, export in CONTEXT_EXPORTS.items()}

    MacroNamespaceBuilder.build_namespace = build_namespace
    MacroNamespace.__getitem__ = lambda namespace, name: by_name(namespace)[name]
    MacroNamespace.__iter__ = lambda namespace: iter(by_name(namespace))
    MacroNamespace.__len__ = lambda namespace: len(by_name(namespace))
    Var.__init__, Var.__getattr__ = init_var, merge_when_asked
    base.get_context_modules = functools.cache(base.get_context_modules)
    dbt.flags.get_flag_obj = functools.partial(once_a_call, dbt.flags.get_flag_obj, copy.copy)
    providers.args_to_dict = functools.partial(once_a_call, providers.args_to_dict, dict)
    providers.wrapped_exports = wrapped_exports


def fork_for(caller: "Caller", listener: socket.socket, do) -> None:
    """`do` is done in a process of its own, in place of the caller; its exit is the caller's."""
    if os.fork() != 0:
        caller.close()
        return
    import atexit
    import threading

    listener.close()
    code = 1
    try:
        caller.take_place()
        code = ended_with(do)
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        caller.finish(code)
        os._exit(code)


def do_here(caller: "Caller") -> bool:
    """dbt in this process, so that forks find compiled what it compiled. False when the process is not as it was: forks have one
    thread alone, and a warehouse that is open here is open to nobody else."""
    import gc

    ours = [os.dup(number) for number in range(3)]
    threads = set(os.listdir("/proc/self/task"))
    caller.take_place()
    COMPILED.take(caller.environment.get(KEPT, ""))
    code = ended_with(run_dbt)
    COMPILED.keep(caller.environment.get(KEPT, ""))
    close_duckdb()
    caller.finish(code)
    caller.leave()
    for number, stream in enumerate(ours):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Forks share this memory as long as nobody writes to it.
    gc.collect()
    gc.freeze()
    return code == 0 and within(1, lambda: not set(os.listdir("/proc/self/task")) - threads)


def within(seconds: float, condition) -> bool:
    """A thread that was joined is there for a moment yet."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def run_dbt() -> None:
    from dbt.cli.main import cli

    cli()


def close_duckdb() -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()


def ended_with(do) -> int:
    import traceback

    try:
        do()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


class Caller:
    """Whoever called, on whose behalf something is done."""

    def __init__(self, client: socket.socket):
        self._client = client
        self._is_answered = False
        self._hears = None
        size, self._streams, _, _ = socket.recv_fds(client, 4, 3)
        length = int.from_bytes(size, "big")
        if len(size) != 4 or len(self._streams) != 3 or length > REQUEST_BYTES_MAX:
            raise ValueError(f"a call with {len(self._streams)} streams and {length} bytes")
        request = b""
        while len(request) < length:
            more = client.recv(length - len(request))
            if not more:
                raise ConnectionResetError("the caller ended within its call")
            request += more
        self._arguments, self._folder, self._umask, self.environment = json.loads(request)

    def take_place(self) -> None:
        """From here on this process has the caller's arguments, environment, folder and streams, and hears its signals."""
        import threading

        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.argv = self._arguments
        for number, stream in enumerate(self._streams):
            os.dup2(stream, number)
            os.close(stream)
        # Open to the end of the process.
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww")
        )
        os.umask(self._umask)
        os.chdir(self._folder)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        self._hears = threading.Thread(target=self._hear, daemon=True)
        self._hears.start()

    def _hear(self) -> None:
        while number := self._client.recv(1):
            os.kill(os.getpid(), number[0])
        if not self._is_answered:
            os.kill(os.getpid(), signal.SIGKILL)

    def finish(self, code: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._is_answered = True
        self._client.send(bytes([code]))

    def leave(self) -> None:
        """The caller has its answer, and ends."""
        self._hears.join()
        self._client.close()

    def close(self) -> None:
        """What a fork has, too."""
        for stream in self._streams:
            os.close(stream)
        self._client.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        address, adapter, *number = sys.argv[2:]
        serve(address, adapter, socket.socket(fileno=int(number[0])) if number else listening(address))
    else:
        call(sys.argv[2], sys.argv[3:])
