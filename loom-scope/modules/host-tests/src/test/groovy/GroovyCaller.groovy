package caller

import dev.loomscope.Joiner
import dev.loomscope.MixedScope
import dev.loomscope.core.Blocking
import dev.loomscope.core.Cpu
import dev.loomscope.core.RunsOn
import dev.loomscope.core.Task
import dev.loomscope.core.TaskAction
import dev.loomscope.core.TaskKind
import dev.loomscope.hosts.Checks
import groovy.transform.CompileStatic
import java.util.concurrent.Callable

import static dev.loomscope.core.TaskKind.BLOCKING
import static dev.loomscope.core.TaskKind.CPU

class Work implements Serializable {
    @Cpu static int crunch() { 42 }

    @Cpu static int twice(int n) { n * 2 }

    @Blocking static int scan() { 42 }

    @RunsOn(TaskKind.BLOCKING) static int chosen() { 42 }

    static int plain() { 42 }

    static void nothing() {}

    @Blocking int query() { 42 }

    @Cpu int getComputed() { 42 }

    Object made() { this }
}

@Cpu class Heavy implements Serializable {
    static int work() { 42 }
}

class Point implements Serializable {
    int x
    int y

    boolean equals(Object other) { other instanceof Point && other.x == x && other.y == y }
}

enum Colour { RED, GREEN }

class Dynamic implements Serializable {
    @Cpu int own() { 42 }

    @Cpu private int hidden() { 42 }

    Closure<?> closure() { return { own() } }

    Closure<?> ofPrivate() { return { hidden() } }

    Closure<?> nested() { return { [1].each { own() }; own() } }

    Closure<?> reference() { this.&own }
}

@CompileStatic class Static implements Serializable {
    @Cpu int own() { 42 }

    @Cpu private int hidden() { 42 }

    Callable<Integer> closure() { return { own() } }

    Callable<Integer> ofPrivate() { return { hidden() } }

    Task<Integer> lambda() { (Task<Integer>) () -> own() }

    Task<Integer> staticLambda() { (Task<Integer>) () -> Work.crunch() }

    Task<Integer> reference() { Work::crunch }

    Callable<Integer> methodClosure() { Work.&crunch }

    Callable<Integer> silent() { () -> Work.scan() }

    Task<Integer> coerced() { return { Work.crunch() } }
}

@CompileStatic class References {
    Task<Integer> blocking() { Work::scan }

    Task<Integer> otherBlocking() { Work::chosen }
}

@CompileStatic class MixedReferences {
    Task<Integer> blocking() { Work::scan }

    Task<Integer> cpu() { Work::crunch }
}

@CompileStatic class Harmless {
    Callable<Integer> silent() { () -> Work.plain() }
}

class GroovyCaller {
    static final long HERE = ProcessHandle.current().pid()

    static void values(MixedScope scope) {
        Closure<Integer> closure = { 42 }
        def view = scope.asDaemons()
        [
            'closure': scope.fork { 42 },
            'kind and closure': scope.fork(BLOCKING) { 42 },
            'name and closure': scope.fork('name') { 42 },
            'name, kind and closure': scope.fork('name', BLOCKING) { 42 },
            'lambda': scope.fork(() -> 42),
            'closure and argument': scope.fork({ it + 1 }, 41),
            'lambda and argument': scope.fork(n -> n + 1, 41),
            'method closure': scope.fork(Work.&plain),
            'method reference': scope.fork(Work::plain),
            'method closure and argument': scope.fork(Work.&twice, 21),
            'method reference and argument': scope.fork(Work::twice, 21),
            'closure variable': scope.fork(closure),
            'closure as Task': scope.fork(closure as Task),
            'curried closure': scope.fork({ a, b -> a + b }.curry(40, 2)),
            'composed closure': scope.fork({ 21 } >> { it * 2 }),
            'view': view.fork { 42 },
            'CPU': scope.fork(CPU) { 42 },
            'CPU by annotation': scope.fork { Work.crunch() },
            'CPU method closure': scope.fork(Work.&crunch),
            'CPU method reference': scope.fork(Work::crunch),
            'CPU method closure and argument': scope.fork(Work.&twice, 21),
        ].each { form, subtask -> Checks.same("value of $form".toString(), 42, subtask.await()) }
        Checks.same('nothing', null, scope.fork { Work.nothing() }.await())
        Checks.same('map', [2, 4], scope.map([1, 2]) { it * 2 })
        Checks.same('then', 43, scope.fork { 42 }.then { it + 1 }.await())
    }

    @CompileStatic
    static void staticValues(MixedScope<Object, Void> scope) {
        Closure<Integer> closure = { 42 }
        Checks.same('static closure', 42, scope.fork { 42 }.await())
        Checks.same('static kind and closure', 42, scope.fork(BLOCKING) { 42 }.await())
        Checks.same('static lambda', 42, scope.fork(() -> 42).await())
        Checks.same('static closure variable', 42, scope.fork(closure).await())
        Checks.same('static reference', 42, scope.fork(Work::plain).await())
        Checks.same('static closure on CPU', 42, scope.fork(CPU) { 42 }.await())
        Checks.same('static Task on CPU', 42, scope.fork(CPU, (Task<Integer>) () -> 42).await())
    }

    static void kinds(MixedScope scope) {
        def work = new Work()
        Closure<Integer> crunch = { Work.crunch() }
        [
            ['constant', TaskKind.IO, { 42 }],
            ['plain method', TaskKind.IO, { Work.plain() }],
            ['static method', CPU, { Work.crunch() }],
            ['static method with an argument', CPU, { Work.twice(21) }],
            ['lambda', CPU, () -> Work.crunch()],
            ['@Blocking', BLOCKING, { Work.scan() }],
            ['@RunsOn', BLOCKING, { Work.chosen() }],
            ['class', CPU, { Heavy.work() }],
            ['captured variable', BLOCKING, { work.query() }],
            ['property', CPU, { work.computed }],
            ['new object', BLOCKING, { new Work().query() }],
            ['own method', CPU, new Dynamic().closure()],
            ['own private method', CPU, new Dynamic().ofPrivate()],
            ['nested closure', CPU, new Dynamic().nested()],
            ['this.&method', CPU, new Dynamic().reference()],
            ['method closure', CPU, Work.&crunch],
            ['@Blocking method closure', BLOCKING, Work.&scan],
            ['method closure of an object', BLOCKING, work.&query],
            ['variable', CPU, crunch],
            ['dehydrated', CPU, crunch.dehydrate()],
            ['curried', CPU, { Work.twice(it) }.curry(1)],
            ['composed', CPU, { 1 } >> { Work.twice(it) }],
            ['closure as Task', CPU, crunch as Task],
            ['method closure as Task', BLOCKING, Work.&scan as Task],
            ['closure as TaskAction', CPU, crunch as TaskAction],
            ['static closure', CPU, new Static().closure()],
            ['static closure of a private method', CPU, new Static().ofPrivate()],
            ['static lambda', CPU, new Static().lambda()],
            ['static lambda of a static method', CPU, new Static().staticLambda()],
            ['static method closure', CPU, new Static().methodClosure()],
            ['static coerced closure', CPU, new Static().coerced()],
        ].each { code, kind, task ->
            def subtask = scope.fork(task)
            subtask.await()
            Checks.same("kind of $code".toString(), kind, subtask.kind())
        }
        Checks.same('kind of a closure with an argument', CPU, scope.fork({ Work.twice(it) }, 1).kind())
        Checks.same('kind of a method with an argument', CPU, scope.fork(Work.&twice, 1).kind())
        Checks.fails('two kinds', 'AmbiguousTaskKindException', { scope.fork { Work.crunch() + Work.scan() } }, 'crunch', 'scan')
        [work, new Dynamic()].each { receiver -> // one place in the source, two classes
            def kind = receiver instanceof Work ? BLOCKING : TaskKind.IO
            Checks.same('kind by receiver', kind, scope.fork { receiver.hashCode(); receiver.with { 1 }; receiver instanceof Work ? receiver.query() : 1 }.kind())
        }
        Checks.same('no warning so far', 0, Checks.kindWarnings())
    }

    static void warnings(MixedScope scope) {
        def work = new Work()
        3.times {
            Checks.same('silent lambda', 42, scope.fork(new Static().silent()).await())
            Checks.same('harmless lambda', 42, scope.fork(new Harmless().silent()).await())
            Checks.same('unknown receiver', 42, scope.fork { work.made().hashCode(); work.made().unheardOf() }.with {
                try { it.await() } catch (Exception e) { 42 }
            })
        }
        Checks.same('warnings', 2, Checks.kindWarnings())
        Checks.same('kind of a static reference', BLOCKING, scope.fork(new References().blocking()).kind())
        Checks.same('no warning of it', 0, Checks.kindWarnings())
        2.times { scope.fork(new MixedReferences().blocking()) }
        Checks.same('warning of references of two kinds', 1, Checks.kindWarnings())
        Checks.fails('static reference on CPU', 'TaskNotSerializableException', { scope.fork(new Static().reference()) }, '(Task) () -> ')
    }

    static void workers(MixedScope scope) {
        int n = 21
        Checks.same('another process', false, HERE == scope.fork(CPU) { ProcessHandle.current().pid() }.await())
        Checks.same('capture', 42, scope.fork(CPU) { 2 * n }.await())
        Checks.same('this.&method', 42, scope.fork(CPU, new Dynamic().reference()).await())
        Checks.same('own private method', 42, scope.fork(CPU, new Dynamic().ofPrivate()).await())
        Checks.same('static closure', 42, scope.fork(CPU, new Static().closure()).await())
        Checks.same('point', new Point(x: 1, y: 2), scope.fork(CPU) { new Point(x: 1, y: 2) }.await())
        Checks.same('enum', Colour.RED, scope.fork(CPU) { Colour.RED }.await())
        Checks.same('text', 'a42b', scope.fork(CPU) { "a${2 * n}b" }.await().toString())
        Checks.same('text of a static lambda', 'a42b', scope.fork(CPU, Outer.text()).await().toString())
        Checks.same('range', 1..4, scope.fork(CPU) { 1..4 }.await())
        Checks.same('tuple', new Tuple2(1, 'a'), scope.fork(CPU, Outer.tuple()).await())
        Checks.same('mixed list', [1, 'a', 2.5], scope.fork(CPU) { [1, 'a', 2.5] }.await())
        Checks.same('map', [a: 1], scope.fork(CPU) { [a: 1] }.await())
        def outside = new Outer()
        Checks.fails('owner', 'TaskNotSerializableException', { scope.fork(CPU, outside.closure()) }, 'caller.Outer is not Serializable', '_closure_closure1 -> delegate', 'dehydrate()')
        Checks.same('dehydrated', 42, scope.fork(CPU, outside.closure().dehydrate()).await())
    }

    static void main(String[] arguments) {
        def scope = MixedScope.open(Joiner.awaitAll())
        values(scope)
        staticValues(scope)
        Checks.same('no warning of values', 0, Checks.kindWarnings())
        kinds(scope)
        warnings(scope)
        workers(scope)
        scope.join()
        scope.close()
        Checks.done()
    }
}

class Outer {
    Closure<?> closure() { return { Work.plain() } }

    @CompileStatic static Task<Object> text() { (Task<Object>) () -> "a${21 * 2}b" }

    @CompileStatic static Task<Object> tuple() { (Task<Object>) () -> new Tuple2(1, 'a') }
}
