package chat.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import chat.admin.v1.AdminServiceGrpc;
import chat.admin.v1.FileSummary;
import chat.admin.v1.RestoreRequest;
import chat.common.CheckedRequests;
import chat.server.fuzz.BareWords;
import chat.server.fuzz.Fuzz;
import chat.server.fuzz.FuzzedMessages;
import chat.server.fuzz.RawCalls;
import chat.server.replication.LogPosition;
import chat.server.replication.ServerId;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands as no operator gives them. */
@Timeout(300)
class AdminFuzzTest {
  @TempDir Path directory;

  private final long seed = Fuzz.seed(AdminFuzzTest.class);
  private final Random dice = new Random(seed);
  private final String name = InProcessServerBuilder.generateName();
  private final List<Path> restored = new ArrayList<>();
  private final Server server = server();
  private final ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
  private final RawCalls calls = new RawCalls(channel);

  private Server server() {
    try {
      // In order: what one call leaves is looked at before the next.
      return InProcessServerBuilder.forName(name)
          .addService(checked(new AdminEndpoint(new Operations())))
          .directExecutor()
          .build()
          .start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As on the peers' port: once in some hundred thousand cases a request is no message. */
  private static ServerServiceDefinition checked(AdminEndpoint endpoint) {
    return CheckedRequests.of(endpoint.bindService(), 4 << 20, new BareWords());
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test
  void noCommandDoesWorseThanBeRefused() throws Exception {
    FuzzedMessages messages = new FuzzedMessages(dice);
    messages.know("server_id", 2);
    List<MethodDescriptor<?, ?>> methods =
        List.copyOf(AdminServiceGrpc.getServiceDescriptor().getMethods());
    for (int round = 0; round < Fuzz.cases(2); round++) {
      MethodDescriptor<?, ?> method = methods.get(dice.nextInt(methods.size()));
      ProtoMethodDescriptorSupplier schema =
          (ProtoMethodDescriptorSupplier) method.getSchemaDescriptor();
      List<byte[]> requests = new ArrayList<>();
      boolean one = method.getType().clientSendsOneMessage();
      for (int left = one ? 1 : dice.nextInt(5); left > 0; left--) {
        requests.add(messages.message(schema.getMethodDescriptor().getInputType()).toByteArray());
      }
      assertThat(call(method, requests).getCode())
          .as("seed %d, case %d, %s", seed, round, method.getFullMethodName())
          .isIn(Status.Code.OK, Status.Code.INVALID_ARGUMENT, Status.Code.FAILED_PRECONDITION);
    }
    assertNothingIsLeft();
  }

  @Test
  void aBackupThatGoesOnAfterItsSummaryIsNotRestored() throws Exception {
    ByteString data = ByteString.copyFromUtf8("a backup");
    CRC32C crc = new CRC32C();
    crc.update(data.toByteArray());
    FileSummary summary =
        FileSummary.newBuilder().setSizeBytes(data.size()).setCrc32C((int) crc.getValue()).build();
    byte[] whole =
        RestoreRequest.newBuilder().setData(data).setSummary(summary).build().toByteArray();
    byte[] more = RestoreRequest.newBuilder().setData(data).build().toByteArray();
    byte[] wrong =
        RestoreRequest.newBuilder()
            .setData(data)
            .setSummary(summary.toBuilder().setCrc32C(1))
            .build()
            .toByteArray();
    MethodDescriptor<?, ?> restore = AdminServiceGrpc.getRestoreMethod();
    assertThat(call(restore, List.of(whole, more)).getCode())
        .isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(call(restore, List.of(wrong)))
        .satisfies(
            status -> {
              assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
              assertThat(status.getDescription()).contains("damaged on its way");
            });
    assertThat(restored).isEmpty();
    assertThat(call(restore, List.of(whole)).getCode()).isEqualTo(Status.Code.OK);
    assertThat(restored).hasSize(1);
    assertNothingIsLeft();
  }

  private Status call(MethodDescriptor<?, ?> method, List<byte[]> requests) throws Exception {
    CallOptions within = CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
    return calls
        .call(method, within, new Metadata(), requests, 100)
        .get(60, TimeUnit.SECONDS)
        .status();
  }

  private void assertNothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  /** Does whatever it is told. */
  private final class Operations implements AdminOperations {
    @Override
    public AdminStatus status() {
      return new AdminStatus(
          new ServerId(1),
          "disk",
          1,
          "c-1",
          1,
          1,
          List.of(new ServerId(1)),
          Optional.empty(),
          true,
          true,
          LogPosition.START,
          1,
          List.of(),
          "All is well.");
    }

    @Override
    public NewLineage forceLineage(long expectedLineage) throws RefusedCommandException {
      if (expectedLineage != 1) {
        throw new RefusedCommandException("The lineage is 1.");
      }
      return new NewLineage(2, "Begun.");
    }

    @Override
    public String confirmCrashed(ServerId id) {
      return "Confirmed " + id;
    }

    @Override
    public String replaceServer(ServerId id) {
      return "Replaced " + id;
    }

    @Override
    public String addServer(ServerId id) {
      return "Added " + id;
    }

    @Override
    public String removeServer(ServerId id) {
      return "Removed " + id;
    }

    @Override
    public String handOver(Optional<ServerId> id) {
      return "Handed over to " + id;
    }

    @Override
    public Path backup() throws IOException {
      return Files.writeString(newFile(), "backup");
    }

    @Override
    public Path newFile() throws IOException {
      return Files.createTempFile(directory, "admin", ".tmp");
    }

    @Override
    public NewLineage restore(Path file) {
      restored.add(file);
      return new NewLineage(2, "Restored.");
    }
  }
}
