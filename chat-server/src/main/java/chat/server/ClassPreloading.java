package chat.server;

import chat.common.ErrorReason;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads all classes of this program when somebody serves; a start of all servers needs its
 * processor for other things. Most of what a change of views needs is not needed before, and read
 * from the jars in the middle of a failover it takes some 50 ms, while nobody serves.
 */
final class ClassPreloading {
  private static final Logger logger = LoggerFactory.getLogger(ClassPreloading.class);
  private static final String SUFFIX = ".class";
  private static final AtomicBoolean begun = new AtomicBoolean();

  private ClassPreloading() {}

  /** On a thread of its own, once in a process. */
  static void start() {
    if (begun.getAndSet(true)) {
      return;
    }
    Thread thread = new Thread(ClassPreloading::run, "class-preloading");
    thread.setDaemon(true);
    thread.start();
  }

  private static void run() {
    // The server's own classes, and those generated from proto/.
    for (Class<?> one : List.of(ClassPreloading.class, ErrorReason.class)) {
      try {
        load(one);
      } catch (IOException | URISyntaxException e) {
        // They are loaded when they are needed.
        logger.warn("cannot load classes beforehand", e);
      }
    }
  }

  private static void load(Class<?> one) throws IOException, URISyntaxException {
    CodeSource source = one.getProtectionDomain().getCodeSource();
    Path jar = source == null ? null : Path.of(source.getLocation().toURI());
    if (jar == null || !Files.isRegularFile(jar)) {
      // Run from a folder, as tests are.
      return;
    }
    int count = 0;
    try (JarFile classes = new JarFile(jar.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) classes.stream()::iterator) {
        String name = entry.getName();
        if (name.startsWith("chat/") && name.endsWith(SUFFIX) && !name.endsWith("-info.class")) {
          load(name.substring(0, name.length() - SUFFIX.length()).replace('/', '.'), one);
          count++;
        }
      }
    }
    logger.debug("{} classes of {} are loaded", count, jar.getFileName());
  }

  private static void load(String name, Class<?> beside) {
    try {
      Class.forName(name, true, beside.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      // What is wrong with it will be said by whoever needs it.
      logger.debug("cannot load {} beforehand", name, e);
    }
  }
}
