// Package fleet lets any replica of a service answer for any customer. A replica that does not have a customer's partition reads the
// record of the one that has it, by gRPC, and works the answer out itself. Nobody outside the service has to know who owns what.
//
// # How it works
//
//   - A replica that has taken a partition of a task (package stream), and restored it, says so on tasks.owners.v1: task and partition, its own address, its tenure (the
//     changelog's id and the owner's epoch). Every replica follows that topic, which is tiny, and keeps the last word on each partition: the directory.
//   - A read is answered from the own partitions where they have the key, and else asks the owner in the directory, once: what is asked of a replica by another is never passed
//     on, since FleetService reads its own partitions alone (TestADirectoryThatLiesSendsNobodyInCircles). Many keys are split by owner, one request each, at once.
//   - An owner that has the partition no more, is restoring it, or cannot be reached, costs a refusal. The asker then waits for the directory to name another one, at most Patience
//     and half of the caller's time, and tries once more. After that the caller gets UNAVAILABLE with RetryInfo (service.ComeAgain).
//
// What goes along: the caller's deadline, and the trace. No token does: the gateway, where the caller was let in, passes none on, and the services behind it
// check none. A replica answers those only who name the changelog's id, a random one that stands in Kafka alone; the gateway does not forward FleetService.
//
// # Guarantee
//
// Whoever has read a partition from an owner never reads it from an earlier owner afterwards, whichever replicas were asked. So of one customer, versions never go back
// (TestWhatWasReadIsNeverUnread, TestASleeperAnswersNobody). Why:
//
//   - A replica reads a partition only while it has the lease of package stream, which is over before another can have the partition. Of all replicas, one answers.
//   - The next owner has read the whole changelog before it answers. What the one before had shown, it had committed there.
//   - The directory is a hint and decides nothing. One that is late or wrong costs refusals. A request names the tenure that the asker knows of, and an owner of an earlier
//     tenure, or of another log, does not answer it: also not a stranger's replica that has the address by now (TestAnAnswerIsOfTheTenureThatWasAskedFor).
//
// An answer holds for the owner's clock (Value.At). Between two owners it may go back by as much as their machines' clocks differ.
//
// # Failure cases
//
//   - A replica is killed: its partitions are answered for when the group's session (10 s) is over and they are restored. Until then reads of them end with UNAVAILABLE, after
//     Patience; those of the others go on (TestAKilledReplicaIsReplaced).
//   - A replica stands still and goes on later: it refuses (TestASleeperAnswersNobody).
//   - A claim is lost, or the topic is made anew: every replica says again what it has when the directory does not say so (TestAnOwnerThatIsNotNamedSaysSo).
//   - Kafka is away: what replicas have they answer for until kafka-go gives the generation up, some seconds; then reads are UNAVAILABLE until it is back.
//
// It is not for streams of changes, which stand in Kafka, nor for one service to read another's state: that has an API.
package fleet
