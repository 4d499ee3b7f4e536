using System.Text.Json;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Changes of many mailboxes at once. Everything is checked before anything is changed: where one mailbox would be refused, all stay as they are.
/// </summary>
public static class MailboxBulkApi
{
    private const int ChangesTold = 1000;
    private const int FaultsTold = 100;

    // What can only be one mailbox's own.
    private static readonly string[] Individual = ["name", "emailAddress", "userName"];

    /// <summary>The routes.</summary>
    public static void MapMailboxBulk(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder mailboxes = routes.MapGroup("/mailboxes").WithTags("mailboxes");
        mailboxes.MapPatch("/", UpdateAsync).Accepts<MailboxInput>("application/json", "application/merge-patch+json");
        mailboxes.MapPost("/approve", ApproveAsync);
        mailboxes.MapPost("/reject", RejectAsync);
        mailboxes.MapPost("/apply-defaults", ApplyDefaultsAsync);
    }

    /// <summary>Changes fields of every selected mailbox; with <paramref name="dryRun"/> only tells what would change.</summary>
    private static async Task<Ok<BulkContract>> UpdateAsync(
        [AsParameters] MailboxSelection selection, bool? dryRun, IStore store, IMailboxScheduler scheduler, HttpContext context, CancellationToken cancellationToken)
    {
        JsonObject patch = await MergePatch.ReadAsync(context.Request);
        foreach (string field in patch.Select(pair => pair.Key).Where(field => Individual.Contains(field) || SecretFields.IsOne(field)))
            throw InvalidRequestException.Of(field, null, "It is one mailbox's own, and not set on many at once.", "Change the mailbox by itself.");
        return TypedResults.Ok(await ApplyAsync(selection, patch, dryRun == true, store, scheduler, _ => { }, cancellationToken));
    }

    /// <summary>Sets the settings' profile and methods on every selected mailbox, and then tests and enables them.</summary>
    private static async Task<Accepted<TestJobContract>> ApplyDefaultsAsync(
        [AsParameters] MailboxSelection selection, IStore store, IMailboxScheduler scheduler, TestJobs tests, HttpContext context, CancellationToken cancellationToken)
    {
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        if (settings.DefaultProfile is not { } profile)
            throw InvalidRequestException.Of("defaultProfile", null, "The settings name no default profile.", "Set defaultProfile in the settings.");
        MailboxInput defaults = new()
        {
            Profile = profile.ToString(), IncomingEmail = settings.DefaultIncomingEmail, OutgoingEmail = settings.DefaultOutgoingEmail,
        };
        List<MailboxId> selected = [];
        JsonObject patch = JsonSerializer.SerializeToNode(defaults, ContractJson.Contract.MailboxInput)!.AsObject();
        await ApplyAsync(selection, patch, isDry: false, store, scheduler, selected.Add, cancellationToken);
        return TestsApi.Answer(TestsApi.Start(tests, scheduler, selected, context));
    }

    private static Task<Ok<BulkContract>> ApproveAsync(
        [AsParameters] MailboxSelection selection, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken) =>
        JudgeAsync(selection, EmailApproval.Approved, store, scheduler, clock, context, cancellationToken);

    private static Task<Ok<BulkContract>> RejectAsync(
        [AsParameters] MailboxSelection selection, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken) =>
        JudgeAsync(selection, EmailApproval.Rejected, store, scheduler, clock, context, cancellationToken);

    private static async Task<Ok<BulkContract>> JudgeAsync(
        MailboxSelection selection, EmailApproval verdict, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken) =>
        TypedResults.Ok(await ChangeEachAsync(
            selection, store, scheduler,
            mailbox => mailbox.Approval == verdict
                ? Task.FromResult(mailbox)
                : MailboxChanges.JudgeAsync(store, mailbox, verdict, Caller.NameOf(context), clock.GetUtcNow(), cancellationToken),
            cancellationToken));

    private static async Task<BulkContract> ApplyAsync(
        MailboxSelection selection, JsonObject patch, bool isDry, IStore store, IMailboxScheduler scheduler, Action<MailboxId> reached, CancellationToken cancellationToken)
    {
        BulkContract plan = await PlanAsync(selection, patch, store, cancellationToken);
        return isDry ? plan : await ChangeEachAsync(selection, store, scheduler, async mailbox =>
        {
            reached(mailbox.Id);
            Mailbox wanted = await ReadAsync(mailbox, patch, store, cancellationToken);
            return wanted == mailbox ? mailbox : await store.Mailboxes.UpdateAsync(wanted, cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Changes every selected mailbox; what is returned as it was is not counted as changed.</summary>
    private static async Task<BulkContract> ChangeEachAsync(
        MailboxSelection selection, IStore store, IMailboxScheduler scheduler, Func<Mailbox, Task<Mailbox>> change, CancellationToken cancellationToken)
    {
        (int matched, int changed, int conflicts) = (0, 0, 0);
        List<BulkChangeContract> told = [];
        await foreach (Mailbox mailbox in await selection.FindAsync(store, cancellationToken))
        {
            matched++;
            try
            {
                Mailbox after = await change(mailbox);
                if (after == mailbox)
                    continue;
                scheduler.MailboxChanged(after.Id);
                changed++;
                if (told.Count < ChangesTold)
                    told.Add(Difference(mailbox, after));
            }
            catch (Exception exception) when (exception is VersionConflictException or NotStoredException or InvalidRequestException)
            {
                conflicts++;
            }
        }

        return new(false, matched, changed, conflicts, told);
    }

    private static async Task<BulkContract> PlanAsync(MailboxSelection selection, JsonObject patch, IStore store, CancellationToken cancellationToken)
    {
        (int matched, int changed) = (0, 0);
        List<BulkChangeContract> told = [];
        List<Fault> faults = [];
        await foreach (Mailbox mailbox in await selection.FindAsync(store, cancellationToken))
        {
            matched++;
            try
            {
                Mailbox wanted = await ReadAsync(mailbox, patch, store, cancellationToken);
                if (wanted == mailbox)
                    continue;
                changed++;
                if (told.Count < ChangesTold)
                    told.Add(Difference(mailbox, wanted));
            }
            catch (InvalidRequestException refused)
            {
                faults.AddRange(refused.Faults.Select(fault => fault with { Reason = $"{mailbox.EmailAddress}: {fault.Reason}" }));
                if (faults.Count >= FaultsTold)
                    break;
            }
        }

        return faults.Count == 0 ? new(true, matched, changed, 0, told) : throw new InvalidRequestException(faults);
    }

    private static Task<Mailbox> ReadAsync(Mailbox mailbox, JsonObject patch, IStore store, CancellationToken cancellationToken) =>
        MailboxChanges.ReadAsync(MergePatch.Apply(patch, MailboxInput.Of(mailbox), ContractJson.Contract.MailboxInput), mailbox, store, cancellationToken);

    private static BulkChangeContract Difference(Mailbox before, Mailbox after)
    {
        JsonObject from = Fields(before);
        JsonObject to = Fields(after);
        FieldChangeContract[] fields =
        [
            .. from.Select(field => field.Key).Union(to.Select(field => field.Key))
                .Where(name => !JsonNode.DeepEquals(from[name], to[name]))
                .Select(name => new FieldChangeContract(name, from[name]?.DeepClone(), to[name]?.DeepClone())),
        ];
        return new(before.Id.ToString(), before.EmailAddress, fields);
    }

    private static JsonObject Fields(Mailbox mailbox) =>
        JsonSerializer.SerializeToNode(MailboxContract.Of(mailbox, isPasswordSet: false), ContractJson.Contract.MailboxContract)!.AsObject();
}
