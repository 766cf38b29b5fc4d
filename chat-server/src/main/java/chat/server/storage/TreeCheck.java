package chat.server.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.h2.engine.SessionLocal;
import org.h2.index.Index;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.Page;
import org.h2.mvstore.db.MVIndex;
import org.h2.schema.Schema;
import org.h2.table.Table;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the trees that tables and indexes are. Reading all rows in order never looks at the
 * keys of inner nodes; looking a row up does, and a wrong one there hides rows. Stateless.
 */
final class TreeCheck {
  private TreeCheck() {}

  /**
   * Refuses a database in which a node does not fit what leads to it.
   *
   * @throws DatabaseUnusableException if there is one
   */
  static void check(Connection connection) throws SQLException, DatabaseUnusableException {
    SessionLocal session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    for (MVMap<?, ?> tree : trees(session)) {
      check(tree);
    }
  }

  private static List<MVMap<?, ?>> trees(SessionLocal session) {
    List<MVMap<?, ?>> trees = new ArrayList<>();
    for (Schema schema : session.getDatabase().getAllSchemasNoMeta()) {
      for (Table table : schema.getAllTablesAndViews(session)) {
        for (Index index : table.getIndexes()) {
          if (index instanceof MVIndex<?, ?> tree) {
            trees.add(tree.getMVMap());
          }
        }
      }
    }
    return trees;
  }

  private static <K, V> void check(MVMap<K, V> tree) throws DatabaseUnusableException {
    count(tree.getRootPage(), null, null);
  }

  /** The rows below a node, whose keys are from {@code low} on and below {@code high}. */
  private static <K, V> long count(Page<K, V> page, @Nullable K low, @Nullable K high)
      throws DatabaseUnusableException {
    int keys = page.getKeyCount();
    K before = low;
    for (int i = 0; i < keys; i++) {
      K key = page.getKey(i);
      // In a leaf the first key may be the lowest itself.
      boolean mayBeEqual = i == 0 && page.isLeaf();
      int order = before == null ? -1 : page.map.getKeyType().compare(before, key);
      if (order > 0 || (order == 0 && !mayBeEqual)) {
        throw damaged(page);
      }
      before = key;
    }
    if (before != null
        && high != null
        && keys > 0
        && page.map.getKeyType().compare(before, high) >= 0) {
      throw damaged(page);
    }
    if (page.isLeaf()) {
      return keys;
    }
    long count = 0;
    for (int i = 0; i <= keys; i++) {
      K from = i == 0 ? low : page.getKey(i - 1);
      K to = i == keys ? high : page.getKey(i);
      count += count(page.getChildPage(i), from, to);
    }
    if (count != page.getTotalCount()) {
      throw damaged(page);
    }
    return count;
  }

  private static DatabaseUnusableException damaged(Page<?, ?> page) {
    return new DatabaseUnusableException(
        "the database is damaged: a node of its tree " + page.map.getName() + " is out of order");
  }
}
