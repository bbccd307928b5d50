package stator.junit;

import java.time.Instant;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import stator.Database;
import stator.Everywhere;

/**
 * A database in memory for the tests of a class. Before each test it is reset to its state after the seed: without simulated faults, and with its
 * clock at the same time.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final StatorExtension stator = new StatorExtension().seed(database -> …);
 *
 * @Test
 * void aTest(Database database) { … }
 * }</pre>
 *
 * With a field that is not static, each test has its own database. Tests that run at the same time need separate ones.
 */
public final class StatorExtension
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {
  private final Database.Options options;
  private Consumer<Database> seed = database -> {};
  private boolean isEverywhere;
  private Database database;
  private Everywhere everywhere;
  private Instant start;
  private int classes;

  /** In memory, with the machine's clock. */
  public StatorExtension() {
    this(new Database.Options());
  }

  public StatorExtension(Database.Options options) {
    this.options = options;
  }

  /** Fills the database once; every test begins with that state. */
  public StatorExtension seed(Consumer<Database> seed) {
    this.seed = seed;
    return this;
  }

  /** Also answers the clients that the code under test creates itself: {@link Database#everywhere}. */
  public StatorExtension everywhere() {
    isEverywhere = true;
    return this;
  }

  /** The database, from the first test (or `@BeforeAll`) on. */
  public Database database() {
    if (database == null) throw new IllegalStateException("the database of a StatorExtension is there while its tests run");
    return database;
  }

  // Called for each nested class, too.
  @Override
  public void beforeAll(ExtensionContext context) {
    if (classes++ == 0) open();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (database == null) {
      open();
      return;
    }
    // The clock first: at a later time, items of the snapshot might have expired.
    if (options.hasClock()) database.setClock(start);
    database.simulate(null);
    database.reset();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (classes == 0) close();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (--classes == 0) close();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Database.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return database();
  }

  private void open() {
    database = Database.open(options);
    try {
      seed.accept(database);
      database.saveSnapshot("start");
      start = database.clock();
      if (isEverywhere) everywhere = database.everywhere();
    } catch (RuntimeException | Error fault) {
      close();
      throw fault;
    }
  }

  private void close() {
    if (everywhere != null) everywhere.close();
    if (database != null) database.close();
    everywhere = null;
    database = null;
  }
}
