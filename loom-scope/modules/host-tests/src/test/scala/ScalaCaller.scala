package caller

import dev.loomscope.{Forker, MixedScope, Subtask}
import dev.loomscope.core.{Blocking, Cpu, Io, RunsOn, Task, TaskAction, TaskFunction, TaskKind}
import dev.loomscope.core.TaskKind.{BLOCKING, CPU, IO}
import dev.loomscope.hosts.Checks
import java.util.concurrent.Callable
import scala.annotation.meta.getter

@Cpu def topLevel(): Int = 42

object Work:
  @Cpu def crunch(): Int = 42
  @Cpu def noParentheses: Int = 42
  @Cpu def double(n: Int): Int = n * 2
  @Cpu def defaulted(n: Int = 42): Int = n
  @Cpu def byName(n: => Int): Int = n
  @Blocking def scan(): Int = 42
  @Io def fetch(): Int = 42
  @RunsOn(BLOCKING) def chosen(): Int = 42
  @(Cpu @getter) val value = 42
  @Cpu lazy val lazily = 42
  extension (s: String) @Cpu def measured: Int = s.length
  def plain(): Int = 42
  def nothing(): Unit = ()

@Cpu object Heavy:
  def work(): Int = 42

@Cpu class HeavyClass extends Serializable:
  def work(): Int = 42

object HeavyClass:
  def quick(): Int = 42

trait Service:
  @Blocking def query(): Int
  @Cpu def render(): Int = 42

class Report extends Service with Serializable:
  def query(): Int = 42
  @Cpu def build(): Int = 42
  @Cpu private def hidden(): Int = 42
  def task(): Task[Any] = () => hidden()
  def reference(): Task[Any] = build _

case class Point(x: Int, y: Int)

enum Colour:
  case Red, Green

class Harmless:
  def callable(): Callable[Int] = () => Work.plain()

object ScalaCaller:

  def values(scope: MixedScope[Any, Void]): Unit =
    val view: Forker[Any] = scope.asDaemons()
    val callable: Callable[Int] = () => 42
    val function: () => Int = () => 42
    val all = Map[String, Subtask[?]](
      "lambda" -> scope.fork(() => 42),
      "kind and lambda" -> scope.fork(IO, () => 42),
      "name and lambda" -> scope.fork("name", () => 42),
      "name, kind and lambda" -> scope.fork("name", BLOCKING, () => 42),
      "function and argument" -> scope.fork((n: Int) => n + 1, 41),
      "kind, function and argument" -> scope.fork(IO, (n: Int) => n + 1, 41),
      "method and argument" -> scope.fork(Work.double, 21),
      "function value" -> scope.fork(() => function()),
      "Callable" -> scope.fork(callable),
      "view" -> view.fork(() => 42),
      "CPU" -> scope.fork(CPU, () => 42),
      "CPU by annotation" -> scope.fork(() => Work.crunch())
    )
    all.foreach((form, subtask) => Checks.same(s"value of $form", 42, subtask.await()))
    val typed: Subtask[Int] = scope.fork(IO, () => 42)
    Checks.same("typed value", 42, typed.await())
    Checks.same("null", null, scope.fork(IO, () => null).await())
    Checks.same("Unit", (), scope.fork(() => Work.nothing()).await())
    Checks.same("Unit of a CPU task", (), scope.fork(CPU, () => Work.nothing()).await())
    val action: TaskAction = () => Work.nothing()
    Checks.same("action", null, scope.fork(action).await())

  def kindOf(scope: MixedScope[Any, Void], task: Task[?]): TaskKind =
    val subtask = scope.fork(task)
    subtask.await()
    subtask.kind()

  def kinds(scope: MixedScope[Any, Void]): Unit =
    import Work.measured
    val report = Report()
    val service: Service = report
    val function: () => Int = () => Work.crunch()
    val reference: () => Int = Work.crunch
    val captured = 21
    val kinds = List[(String, TaskKind, Task[Any])](
      ("constant", IO, () => 42),
      ("plain def", IO, () => Work.plain()),
      ("top-level def", CPU, () => topLevel()),
      ("def in an object", CPU, () => Work.crunch()),
      ("def without parentheses", CPU, () => Work.noParentheses),
      ("default argument", CPU, () => Work.defaulted()),
      ("by-name argument", CPU, () => Work.byName(captured)),
      ("@Blocking def", BLOCKING, () => Work.scan()),
      ("@Io def", IO, () => Work.fetch()),
      ("@RunsOn def", BLOCKING, () => Work.chosen()),
      ("val", CPU, () => Work.value),
      ("lazy val", CPU, () => Work.lazily),
      ("extension", CPU, () => "text".measured),
      ("object", CPU, () => Heavy.work()),
      ("class", CPU, () => HeavyClass().work()),
      ("class of a companion", CPU, () => HeavyClass.quick()),
      ("def in a class", CPU, () => report.build()),
      ("private def", CPU, report.task()),
      ("eta expansion", CPU, report.reference()),
      ("def of a trait", BLOCKING, () => service.query()),
      ("override", BLOCKING, () => report.query()),
      ("concrete def of a trait", CPU, () => report.render()),
      ("capture", CPU, () => Work.double(captured)),
      ("block", CPU, () => { val n = Work.crunch(); s"$n" }),
      ("try", CPU, () => try Work.crunch() finally ()),
      ("try as an argument", CPU, () => String.valueOf(try Work.crunch() catch case e: IllegalStateException => 0)),
      ("function value", CPU, () => function()),
      ("reference value", CPU, () => reference())
    )
    kinds.foreach((code, kind, task) => Checks.same(s"kind of $code", kind, kindOf(scope, task)))
    Checks.same("kind of a lambda", CPU, scope.fork(() => Work.crunch()).kind())
    Checks.same("kind of a method with an argument", CPU, scope.fork(Work.double, 1).kind())
    val function1: TaskFunction[Int, Int] = n => Work.double(n)
    Checks.same("kind of a TaskFunction", CPU, scope.fork(function1, 1).kind())
    val action: TaskAction = () => Work.crunch()
    Checks.same("kind of an action", CPU, scope.fork(action).kind())
    Checks.fails("two kinds", "AmbiguousTaskKindException", () => scope.fork(() => Work.crunch() + Work.scan()), "crunch", "scan")
    for round <- 1 to 2 do // one place in the source, two kinds
      val either: () => Int = if round == 1 then () => Work.crunch() else () => Work.scan()
      Checks.same(s"kind in round $round", if round == 1 then CPU else BLOCKING, scope.fork(() => either()).kind())
    Checks.same("no warning so far", 0, Checks.kindWarnings())

  def warnings(scope: MixedScope[Any, Void]): Unit =
    val callable: Callable[Int] = () => Work.scan()
    for _ <- 1 to 3 do
      Checks.same("Callable", 42, scope.fork(callable).await())
      Checks.same("harmless Callable", 42, scope.fork(Harmless().callable()).await())
    Checks.same("warnings", 1, Checks.kindWarnings())
    Checks.fails("Callable on CPU", "TaskNotSerializableException", () => scope.fork(CPU, callable), "Write the lambda where a Task is expected")

  def workers(scope: MixedScope[Any, Void]): Unit =
    val here = ProcessHandle.current().pid()
    val n = 21
    val function: () => Int = () => 2 * n
    Checks.same("another process", false, here == scope.fork(CPU, () => ProcessHandle.current().pid()).await())
    Checks.same("capture", 42, scope.fork(CPU, () => 2 * n).await())
    Checks.same("function value", 42, scope.fork(CPU, () => function()).await())
    val results = List[(Any, Task[Any])](
      (Point(1, 2), () => Point(1, 2)),
      (Colour.Red, () => Colour.Red),
      ((1, "a"), () => (1, "a")),
      (Nil, () => Nil),
      (List(1, 2), () => List(1, 2)),
      (List(Point(1, 2)), () => List(Point(1, 2))),
      (Vector(1, "a"), () => Vector(1, "a")),
      (Map(1 -> "a"), () => Map(1 -> "a")),
      (Map.from((1 to 9).map(i => i -> i)), () => Map.from((1 to 9).map(i => i -> i))),
      (Set(1, 2, 3, 4, 5, 6), () => Set(1, 2, 3, 4, 5, 6)),
      (scala.collection.immutable.TreeMap(1 -> 2), () => scala.collection.immutable.TreeMap(1 -> 2)),
      (scala.collection.mutable.ArrayBuffer(1, 2), () => scala.collection.mutable.ArrayBuffer(1, 2)),
      (Some(1), () => Some(1)),
      (None, () => None),
      (Right(1), () => Right(1)),
      (scala.util.Success(1), () => scala.util.Success(1)),
      (BigInt(7), () => BigInt(7)),
      (BigDecimal("7.5"), () => BigDecimal("7.5")),
      (1 to 4, () => 1 to 4),
      ((), () => ())
    )
    results.foreach((expected, task) => Checks.same(s"result $expected", expected, scope.fork(CPU, task).await()))

  def main(arguments: Array[String]): Unit =
    val scope = MixedScope.open[Any]()
    try
      values(scope)
      Checks.kindWarnings()
      kinds(scope)
      warnings(scope)
      workers(scope)
      scope.join()
    finally scope.close()
    Checks.done()
