using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_token_is_kept_with_its_hash_and_found_by_id_and_name()
    {
        byte[] hash = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];
        ApiToken token = await Store.Tokens.CreateAsync(
            new() { Name = "Crm", Role = TokenRole.Operator, CreatedBy = "control socket" }, hash, Cancellation);
        await ReopenAsync();

        Assert.Equal(Start, token.CreatedAt);
        (ApiToken found, byte[] sha256) = (await Store.Tokens.FindAsync(token.Id, Cancellation))!.Value;
        Assert.Equal(token, found);
        Assert.Equal(hash, sha256);
        Assert.Equal(token, await Store.Tokens.FindByNameAsync("crm", Cancellation));
        Assert.Equal([token], await Store.Tokens.ListAsync(null, 10, Cancellation));
        Assert.Empty(await Store.Tokens.ListAsync(token.Id, 10, Cancellation));
    }

    [Fact]
    public async Task Names_of_tokens_are_unique_and_a_deleted_one_is_gone()
    {
        ApiToken token = await Store.Tokens.CreateAsync(new() { Name = "crm", Role = TokenRole.Admin, CreatedBy = "x" }, new byte[32], Cancellation);
        await Assert.ThrowsAsync<DuplicateValueException>(
            async () => await Store.Tokens.CreateAsync(token with { Name = "CRM" }, new byte[32], Cancellation));

        Assert.True(await Store.Tokens.DeleteAsync(token.Id, Cancellation));
        Assert.False(await Store.Tokens.DeleteAsync(token.Id, Cancellation));
        Assert.Null(await Store.Tokens.FindAsync(token.Id, Cancellation));
        ApiToken next = await Store.Tokens.CreateAsync(token, new byte[32], Cancellation);
        Assert.NotEqual(token.Id, next.Id);
    }

    [Fact]
    public async Task An_audit_entry_is_durable_before_its_change_and_gets_its_outcome_after_it()
    {
        AuditId first = await Store.Audit.BeginAsync(new() { Who = "crm (tok_1)", Action = "PATCH /x", Subject = "/x" }, Cancellation);
        await ReopenAsync();
        AuditEntry begun = Assert.Single(await Store.Audit.ListAsync(null, 10, Cancellation));
        Assert.Equal(new() { Id = first, At = Start, Who = "crm (tok_1)", Action = "PATCH /x", Subject = "/x" }, begun);

        await Store.Audit.EndAsync(first, "/x/1", """{"a":1}""", 201, Cancellation);
        AuditId second = await Store.Audit.BeginAsync(new() { Who = "y", Action = "DELETE /x", Subject = "/x/1" }, Cancellation);
        await ReopenAsync();

        Assert.Equal([second, first], (await Store.Audit.ListAsync(null, 10, Cancellation)).Select(entry => entry.Id));
        Assert.Equal(
            begun with { Subject = "/x/1", Document = """{"a":1}""", Outcome = 201 },
            Assert.Single(await Store.Audit.ListAsync(second, 10, Cancellation)));
    }
}
