package caller

import dev.loomscope.Forker
import dev.loomscope.MixedScope
import dev.loomscope.Subtask
import dev.loomscope.core.AmbiguousTaskKindException
import dev.loomscope.core.Blocking
import dev.loomscope.core.Cpu
import dev.loomscope.core.Io
import dev.loomscope.core.RunsOn
import dev.loomscope.core.Task
import dev.loomscope.core.TaskAction
import dev.loomscope.core.TaskKind
import dev.loomscope.core.TaskKind.BLOCKING
import dev.loomscope.core.TaskKind.CPU
import dev.loomscope.core.TaskKind.IO
import dev.loomscope.hosts.Checks
import java.io.Serializable
import java.util.concurrent.Callable

@Cpu fun crunch(): Int = 42

@Cpu fun crunchOf(n: Int, factor: Int = 2): Int = n * factor

@Cpu fun double(n: Int): Int = n * 2

@Cpu fun text(): String = "text"

@Blocking fun scan(): Int = 42

@Io fun fetch(): Int = 42

@RunsOn(BLOCKING) fun chosen(): Int = 42

fun plain(): Int = 42

fun nothing() {}

@Cpu fun String.measure(): Int = length

@Cpu inline fun inlined(n: Int): Int = n + 1

inline fun <T> timed(block: () -> T): T = block()

object Single {
    @Cpu fun ofObject(): Int = 42

    @JvmStatic @Cpu fun ofStatic(): Int = 42
}

interface Service {
    @Blocking fun query(): Int

    @Cpu fun render(): Int = 42
}

class Report(val n: Int = 42) : Service, Serializable {
    val computed: Int
        @Cpu get() = n

    @Cpu fun build(): Int = n

    override fun query(): Int = n

    @Cpu private fun hidden(): Int = n

    fun task(): Task<Int> = Task { hidden() }

    fun inner(scope: MixedScope<Any?, Void?>): Subtask<Int> = scope.fork(this::build)

    companion object {
        @Cpu fun ofCompanion(): Int = 42
    }
}

@Cpu class Heavy : Serializable {
    fun work(): Int = 42

    companion object {
        fun quick(): Int = 42
    }
}

class Harmless {
    fun callable(): Callable<Int> = Callable { plain() }
}

data class Point(val x: Int, val y: Int) : Serializable

enum class Colour { RED, GREEN }

sealed interface Shape : Serializable {
    data object Nowhere : Shape {
        private fun readResolve(): Any = Nowhere
    }
}

fun kindOf(scope: MixedScope<Any?, Void?>, task: Task<*>): TaskKind {
    val subtask = scope.fork(task)
    subtask.await()
    return subtask.kind()
}

fun values(scope: MixedScope<Any?, Void?>) {
    val function: () -> Int = { 42 }
    val ofOne: (Int) -> Int = { it + 1 }
    val unit: () -> Unit = { nothing() }
    val reference: () -> Int = ::plain
    val view: Forker<Any?> = scope.asDaemons()
    val all = mapOf<String, Subtask<*>>(
        "lambda" to scope.fork { 42 },
        "kind and lambda" to scope.fork(IO) { 42 },
        "name and lambda" to scope.fork("name") { 42 },
        "name, kind and lambda" to scope.fork("name", BLOCKING) { 42 },
        "lambda in parentheses" to scope.fork({ 42 }),
        "function and argument" to scope.fork({ n: Int -> n + 1 }, 41),
        "kind, function and argument" to scope.fork(IO, { n: Int -> n + 1 }, 41),
        "name, function and argument" to scope.fork("name", { n: Int -> n + 1 }, 41),
        "reference" to scope.fork(::plain),
        "kind and reference" to scope.fork(IO, ::plain),
        "bound reference" to scope.fork(IO, Report()::build),
        "function variable" to scope.fork(function),
        "kind and function variable" to scope.fork(IO, function),
        "function variable and argument" to scope.fork(ofOne, 41),
        "reference variable" to scope.fork(reference),
        "Callable" to scope.fork(Callable { 42 }),
        "Task" to scope.fork(Task { 42 }),
        "view" to view.fork { 42 },
        "view and kind" to view.fork(IO) { 42 },
        "CPU" to scope.fork(CPU) { 42 },
        "CPU by annotation" to scope.fork { crunch() },
        "CPU reference" to scope.fork(::crunch),
        "CPU reference and argument" to scope.fork(::double, 21),
    )
    all.forEach { (form, subtask) -> Checks.same("value of $form", 42, subtask.await()) }
    val typed: Subtask<Int> = scope.fork(IO) { 42 }
    Checks.same("typed value", 42, typed.await())
    Checks.same("null", null, scope.fork(IO) { null }.await())
    Checks.same("Unit", Unit, scope.fork { nothing() }.await())
    Checks.same("Unit variable", Unit, scope.fork(unit).await())
    Checks.same("Unit reference", Unit, scope.fork(IO, ::nothing).await())
    Checks.same("Unit of a CPU task", Unit, scope.fork(CPU) { nothing() }.await())
    Checks.same("action", null, scope.fork(TaskAction { crunch() }).await())
    Checks.same("map", listOf(2, 4), scope.map(listOf(1, 2)) { it * 2 })
    Checks.same("map on CPU", listOf(2, 4), scope.map(listOf(1, 2), ::double))
    Checks.same("then", 43, scope.fork { 42 }.then { it + 1 }.await())
    Checks.same("race", 42, MixedScope.call<Int, Exception> { 42 })
}

fun kinds(scope: MixedScope<Any?, Void?>) {
    val name = "name"
    val report = Report()
    val service: Service = report
    val reference: () -> Int = ::crunch
    val property: () -> Int = report::computed
    val kinds = listOf<Triple<String, TaskKind, Task<*>>>(
        Triple("constant", IO, Task { 42 }),
        Triple("plain function", IO, Task { plain() }),
        Triple("@Cpu function", CPU, Task { crunch() }),
        Triple("@Blocking function", BLOCKING, Task { scan() }),
        Triple("@Io function", IO, Task { fetch() }),
        Triple("@RunsOn function", BLOCKING, Task { chosen() }),
        Triple("default argument", CPU, Task { crunchOf(21) }),
        Triple("extension", CPU, Task { name.measure() }),
        Triple("inline function", CPU, Task { inlined(1) }),
        Triple("in an inline function", CPU, Task { timed { crunch() } }),
        Triple("object", CPU, Task { Single.ofObject() }),
        Triple("@JvmStatic", CPU, Task { Single.ofStatic() }),
        Triple("companion", CPU, Task { Report.ofCompanion() }),
        Triple("member", CPU, Task { report.build() }),
        Triple("private member", CPU, report.task()),
        Triple("property", CPU, Task { report.computed }),
        Triple("interface", BLOCKING, Task { service.query() }),
        Triple("override", BLOCKING, Task { report.query() }),
        Triple("default method", CPU, Task { report.render() }),
        Triple("class", CPU, Task { Heavy().work() }),
        Triple("class of a companion", CPU, Task { Heavy.quick() }),
        Triple("block", CPU, Task { val n = crunch(); "$n" }),
        Triple("try", CPU, Task { try { crunch() } catch (e: IllegalStateException) { 0 } }),
        Triple("reference", CPU, Task(::crunch)),
        Triple("reference without boxing", CPU, Task(::text)),
        Triple("@Blocking reference", BLOCKING, Task(::scan)),
        Triple("bound reference", CPU, Task(report::build)),
        Triple("bound extension", CPU, Task(name::measure)),
        Triple("bound property", CPU, Task(report::computed)),
        Triple("reference in a variable", CPU, Task(reference)),
        Triple("property in a variable", CPU, Task(property)),
        Triple("function in a lambda", CPU, Task { reference() }),
    )
    kinds.forEach { (code, kind, task) -> Checks.same("kind of $code", kind, kindOf(scope, task)) }
    Checks.same("kind of a lambda", CPU, scope.fork { crunch() }.kind())
    Checks.same("kind of a lambda with an argument", CPU, scope.fork({ n: Int -> double(n) }, 1).kind())
    Checks.same("kind of a reference with an argument", CPU, scope.fork(::double, 1).kind())
    Checks.same("kind of an unbound reference", CPU, scope.fork(Report::build, report).kind())
    Checks.same("kind of an unbound property", CPU, scope.fork(Report::computed, report).kind())
    Checks.same("kind of an unbound extension", CPU, scope.fork(String::measure, name).kind())
    Checks.same("kind of this::reference", CPU, report.inner(scope).kind())
    Checks.fails("two kinds", "AmbiguousTaskKindException", { scope.fork { crunch() + scan() } }, "crunch", "scan")
    for (round in 1..2) { // one place in the source, two kinds
        val function: () -> Int = if (round == 1) ::crunch else ::scan
        Checks.same("kind in round $round", if (round == 1) CPU else BLOCKING, scope.fork(function).kind())
    }
    Checks.same("no warning so far", 0, Checks.kindWarnings())
}

/** What kotlinc does not let the scope look into; with -Xlambdas=class there is nothing of the kind. */
fun warnings(scope: MixedScope<Any?, Void?>, classes: Boolean) {
    val function: () -> Int = { scan() }
    for (round in 1..3) {
        Checks.same("function in a variable", 42, scope.fork(function).await())
        Checks.same("Callable", 42, scope.fork(Callable { scan() }).await())
        Checks.same("harmless Callable", 42, scope.fork(Harmless().callable()).await())
    }
    Checks.same("warnings", if (classes) 0 else 2, Checks.kindWarnings())
    scope.fork(IO, function).await()
    if (!classes) {
        val local: () -> Int = { 42 }
        Checks.fails(
            "function in a variable on CPU", "TaskNotSerializableException", { scope.fork(CPU, local) }, "@JvmSerializableLambda"
        )
    }
}

fun workers(scope: MixedScope<Any?, Void?>) {
    val here = ProcessHandle.current().pid()
    val n = 21
    val serializable: () -> Int = @JvmSerializableLambda { 2 * n }
    Checks.same("another process", false, here == scope.fork(CPU) { ProcessHandle.current().pid() }.await())
    Checks.same("capture", 42, scope.fork(CPU) { 2 * n }.await())
    Checks.same("serializable function", 42, scope.fork(CPU, serializable).await())
    Checks.same("bound reference", 42, scope.fork(CPU, Report()::build).await())
    Checks.same("data class", Point(1, 2), scope.fork(CPU) { Point(1, 2) }.await())
    Checks.same("enum", Colour.RED, scope.fork(CPU) { Colour.RED }.await())
    Checks.same("enums", Colour.entries.toList(), scope.fork(CPU) { Colour.entries.toList() }.await())
    Checks.same("data object", Shape.Nowhere, scope.fork(CPU) { Shape.Nowhere }.await())
    Checks.same("pair", 1 to "a", scope.fork(CPU) { 1 to "a" }.await())
    Checks.same("empty list", listOf<Int>(), scope.fork(CPU) { emptyList<Int>() }.await())
    Checks.same("empty map", mapOf<Int, Int>(), scope.fork(CPU) { emptyMap<Int, Int>() }.await())
    Checks.same("empty set", setOf<Int>(), scope.fork(CPU) { emptySet<Int>() }.await())
    Checks.same("built list", listOf(1, 2), scope.fork(CPU) { buildList { add(1); add(2) } }.await())
    Checks.same("mixed list", listOf(1, "a"), scope.fork(CPU) { listOf(1, "a") }.await())
    Checks.same("points", listOf(Point(1, 2)), scope.fork(CPU) { listOf(Point(1, 2)) }.await())
    Checks.same("object", 42, scope.fork(CPU, Single::ofObject).await())
    Checks.same("companion", 42, scope.fork(CPU, (Report)::ofCompanion).await())
    Checks.same("object as a result", Single, scope.fork(CPU) { Single }.await())
    Checks.same("success", Result.success(1), scope.fork(CPU) { Result.success(1) }.await())
    Checks.fails("range", "ScopeFailedException", {
        MixedScope.open<Any?>().use { inner -> inner.fork(CPU) { 1..4 }; inner.join() }
    }, "kotlin.ranges.IntRange is not Serializable")
}

fun main(arguments: Array<String>) {
    val classes = arguments.contains("classes")
    MixedScope.open<Any?>().use { scope ->
        values(scope)
        Checks.kindWarnings()
        kinds(scope)
        warnings(scope, classes)
        workers(scope)
        scope.join()
    }
    Checks.done()
}
