package chat.server.admin;

import chat.admin.v1.AddServerRequest;
import chat.admin.v1.AddServerResponse;
import chat.admin.v1.AdminServiceGrpc;
import chat.admin.v1.BackupRequest;
import chat.admin.v1.BackupResponse;
import chat.admin.v1.ConfirmCrashedRequest;
import chat.admin.v1.ConfirmCrashedResponse;
import chat.admin.v1.FileSummary;
import chat.admin.v1.ForceLineageRequest;
import chat.admin.v1.ForceLineageResponse;
import chat.admin.v1.GetServerStatusRequest;
import chat.admin.v1.GetServerStatusResponse;
import chat.admin.v1.HandOverRequest;
import chat.admin.v1.HandOverResponse;
import chat.admin.v1.RemoveServerRequest;
import chat.admin.v1.RemoveServerResponse;
import chat.admin.v1.ReplaceServerRequest;
import chat.admin.v1.ReplaceServerResponse;
import chat.admin.v1.RestoreRequest;
import chat.admin.v1.RestoreResponse;
import chat.server.replication.ServerId;
import chat.server.transport.FileSending;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operators' service. Its methods wait for what they do: they need an executor whose threads
 * may. Thread-safe.
 */
public final class AdminEndpoint extends AdminServiceGrpc.AdminServiceImplBase {
  private static final Logger logger = LoggerFactory.getLogger(AdminEndpoint.class);

  private final AdminOperations operations;

  public AdminEndpoint(AdminOperations operations) {
    this.operations = operations;
  }

  /** What a method does once its request is read. */
  private interface Command<A> {
    A run() throws RefusedCommandException, IOException, StatusException;
  }

  private static <A> void answer(String name, StreamObserver<A> responses, Command<A> command) {
    A answer;
    try {
      answer = command.run();
    } catch (RefusedCommandException | IOException | RuntimeException | StatusException e) {
      responses.onError(status(name, e));
      return;
    }
    // With a handler set, answering a call that was cancelled meanwhile is harmless.
    ((ServerCallStreamObserver<A>) responses).setOnCancelHandler(() -> {});
    responses.onNext(answer);
    responses.onCompleted();
  }

  /** The status that tells an operator of a failure, in one place. */
  static StatusException status(String name, Exception failure) {
    if (failure instanceof StatusException status) {
      return status;
    }
    if (failure instanceof RefusedCommandException) {
      logger.info("{} refused: {}", name, failure.getMessage());
      return Status.FAILED_PRECONDITION.withDescription(failure.getMessage()).asException();
    }
    logger.error("{} failed", name, failure);
    return Status.INTERNAL
        .withDescription(
            "The server failed at it, its log says where: " + failure.getMessage() + ".")
        .asException();
  }

  private static ServerId server(int id) throws StatusException {
    if (id < 1 || id > 255) {
      throw Status.INVALID_ARGUMENT
          .withDescription(id + " is not a server's number from 1 to 255.")
          .asException();
    }
    return new ServerId(id);
  }

  @Override
  public void getServerStatus(
      GetServerStatusRequest request, StreamObserver<GetServerStatusResponse> responses) {
    answer("GetServerStatus", responses, () -> wire(operations.status()));
  }

  private static GetServerStatusResponse wire(AdminStatus status) {
    GetServerStatusResponse.Builder wire =
        GetServerStatusResponse.newBuilder()
            .setServerId(status.id().value())
            .setDiskId(status.diskId())
            .setIncarnation(status.incarnation())
            .setClusterId(status.clusterId())
            .setLineage(status.lineage())
            .setEpoch(status.epoch())
            .setPrimaryId(status.primary().map(ServerId::value).orElse(0))
            .setServing(status.serving())
            .setMember(status.member())
            .setDurableIndex(status.durable().index())
            .setDurableEpoch(status.durable().epoch().number())
            .setAppliedIndex(status.appliedIndex())
            .setSummary(status.summary());
    status.members().forEach(id -> wire.addViewMemberIds(id.value()));
    status.waitingFor().forEach(id -> wire.addWaitingForIds(id.value()));
    return wire.build();
  }

  @Override
  public void forceLineage(
      ForceLineageRequest request, StreamObserver<ForceLineageResponse> responses) {
    answer(
        "ForceLineage",
        responses,
        () -> {
          AdminOperations.NewLineage begun = operations.forceLineage(request.getExpectedLineage());
          return ForceLineageResponse.newBuilder()
              .setLineage(begun.lineage())
              .setMessage(begun.sentence())
              .build();
        });
  }

  @Override
  public void confirmCrashed(
      ConfirmCrashedRequest request, StreamObserver<ConfirmCrashedResponse> responses) {
    answer(
        "ConfirmCrashed",
        responses,
        () ->
            ConfirmCrashedResponse.newBuilder()
                .setMessage(operations.confirmCrashed(server(request.getServerId())))
                .build());
  }

  @Override
  public void replaceServer(
      ReplaceServerRequest request, StreamObserver<ReplaceServerResponse> responses) {
    answer(
        "ReplaceServer",
        responses,
        () ->
            ReplaceServerResponse.newBuilder()
                .setMessage(operations.replaceServer(server(request.getServerId())))
                .build());
  }

  @Override
  public void addServer(AddServerRequest request, StreamObserver<AddServerResponse> responses) {
    answer(
        "AddServer",
        responses,
        () ->
            AddServerResponse.newBuilder()
                .setMessage(operations.addServer(server(request.getServerId())))
                .build());
  }

  @Override
  public void removeServer(
      RemoveServerRequest request, StreamObserver<RemoveServerResponse> responses) {
    answer(
        "RemoveServer",
        responses,
        () ->
            RemoveServerResponse.newBuilder()
                .setMessage(operations.removeServer(server(request.getServerId())))
                .build());
  }

  @Override
  public void handOver(HandOverRequest request, StreamObserver<HandOverResponse> responses) {
    answer(
        "HandOver",
        responses,
        () -> {
          Optional<ServerId> to =
              request.getServerId() == 0
                  ? Optional.empty()
                  : Optional.of(server(request.getServerId()));
          return HandOverResponse.newBuilder().setMessage(operations.handOver(to)).build();
        });
  }

  @Override
  public void backup(BackupRequest request, StreamObserver<BackupResponse> responses) {
    try {
      Path file = operations.backup();
      FileSending.start(
          (ServerCallStreamObserver<BackupResponse>) responses,
          file,
          piece -> BackupResponse.newBuilder().setData(piece).build(),
          (size, crc) ->
              BackupResponse.newBuilder()
                  .setSummary(FileSummary.newBuilder().setSizeBytes(size).setCrc32C(crc))
                  .build());
    } catch (RefusedCommandException | IOException | RuntimeException e) {
      responses.onError(status("Backup", e));
    }
  }

  @Override
  public StreamObserver<RestoreRequest> restore(StreamObserver<RestoreResponse> responses) {
    return new RestoreCall(operations, (ServerCallStreamObserver<RestoreResponse>) responses);
  }

  /** Deletes a file that this service was to delete, and says so if it cannot. */
  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      logger.warn("{} stays: {}", file, e.toString());
    }
  }
}
