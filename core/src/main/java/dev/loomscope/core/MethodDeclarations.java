package dev.loomscope.core;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Type;

/**
 * Where a method is declared.
 *
 * @param owner the class in which it was looked up
 * @param name the method
 * @param declarations what a call finds first, then the declarations that this one overrides or implements, those of
 *     superclasses first; empty for a constructor, and if there are none to be found
 */
record MethodDeclarations(Class<?> owner, MethodName name, List<Method> declarations) {

    static MethodDeclarations of(Class<?> owner, MethodName name) {
        return new MethodDeclarations(owner, name, name.isConstructor() ? List.of() : find(owner, name));
    }

    /** Returns all methods of that name that an object of this class has, or that can be called on the class. */
    static List<MethodDeclarations> ofName(Class<?> owner, String name) {
        var methods = new ArrayList<MethodDeclarations>();
        Set<String> descriptors = new HashSet<>();
        for (Class<?> type : Supertypes.of(owner)) {
            for (Method method : ForeignClasses.methods(type)) {
                String descriptor = Type.getMethodDescriptor(method);
                if (method.getName().equals(name) && !method.isBridge() && descriptors.add(descriptor)) {
                    methods.add(of(owner, new MethodName(Type.getInternalName(owner), name, descriptor)));
                }
            }
        }
        return methods;
    }

    /** Returns the methods by which a task of this class may be run. */
    static List<MethodDeclarations> ofTask(Object task) {
        var methods = new ArrayList<MethodDeclarations>();
        if (task instanceof Callable) {
            methods.add(ofTask(task, "call", "()Ljava/lang/Object;"));
        }
        if (task instanceof TaskAction) {
            methods.add(ofTask(task, "run", "()V"));
        }
        if (task instanceof TaskFunction) {
            methods.add(ofTask(task, "apply", "(Ljava/lang/Object;)Ljava/lang/Object;"));
        }
        if (task instanceof TaskConsumer) {
            methods.add(ofTask(task, "accept", "(Ljava/lang/Object;)V"));
        }
        return methods;
    }

    private static MethodDeclarations ofTask(Object task, String name, String descriptor) {
        Class<?> type = task.getClass();
        return of(type, new MethodName(Type.getInternalName(type), name, descriptor));
    }

    private static List<Method> find(Class<?> owner, MethodName wanted) {
        var found = new ArrayList<Method>();
        Set<String> descriptors = new HashSet<>(Set.of(wanted.descriptor()));
        for (Class<?> type : Supertypes.of(owner)) {
            List<Method> namesakes = ForeignClasses.methods(type).stream()
                    .filter(method -> method.getName().equals(wanted.name()))
                    .toList();
            followBridges(type, namesakes, descriptors);
            for (Method method : namesakes) {
                if (descriptors.contains(Type.getMethodDescriptor(method)) && counts(method, owner)) {
                    found.add(method);
                }
            }
            if (!found.isEmpty() && !overrides(found.getFirst())) {
                break;
            }
        }
        return found;
    }

    /**
     * Adds the other descriptors under which a method goes in {@code type} and above: {@code User load(String)} also
     * implements {@code Object load(String)} of a generic supertype if a bridge method calls it. The body of the bridge
     * says exactly which method that is; its types alone do not, if the method is overloaded.
     */
    private static void followBridges(Class<?> type, List<Method> namesakes, Set<String> descriptors) {
        for (Method bridge : namesakes) {
            MethodCalls body = bridge.isBridge() ? MethodCalls.of(type, nameOf(bridge)) : null;
            if (body == null) {
                continue;
            }
            String own = Type.getMethodDescriptor(bridge);
            for (MethodName target : body.targets()) {
                boolean sameMethod = target.name().equals(bridge.getName())
                        && (descriptors.contains(own) || descriptors.contains(target.descriptor()));
                if (sameMethod) {
                    descriptors.add(own);
                    descriptors.add(target.descriptor());
                }
            }
        }
    }

    private static MethodName nameOf(Method method) {
        return new MethodName(
                Type.getInternalName(method.getDeclaringClass()), method.getName(), Type.getMethodDescriptor(method));
    }

    /** Whether a declaration with the right name and types is inherited or overridden, not merely of the same name. */
    private static boolean counts(Method method, Class<?> owner) {
        Class<?> type = method.getDeclaringClass();
        int modifiers = method.getModifiers();
        if (type == owner) {
            return true;
        }
        if (Modifier.isStatic(modifiers) && type.isInterface()) {
            return false;
        }
        return Modifier.isPublic(modifiers)
                || Modifier.isProtected(modifiers)
                || (!Modifier.isPrivate(modifiers) && type.getPackageName().equals(owner.getPackageName()));
    }

    private static boolean overrides(Method method) {
        return !Modifier.isStatic(method.getModifiers()) && !Modifier.isPrivate(method.getModifiers());
    }

    /** The class that the method, or constructor, belongs to; null if that was not to be found. */
    @Nullable
    Class<?> declarer() {
        if (name.isConstructor()) {
            return owner;
        }
        return declarations.isEmpty() ? null : declarations.getFirst().getDeclaringClass();
    }

    /** Where a declaration stands, for people: like {@link #toString} if that is where the method was looked up. */
    String placeOf(Method declaration) {
        Class<?> type = declaration.getDeclaringClass();
        return type == owner ? toString() : type.getName() + "." + name.name();
    }

    /** For people: {@code com.acme.Report.of(String, int)}. */
    @Override
    public String toString() {
        return name.toString();
    }
}
