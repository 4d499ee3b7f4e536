using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_question_its_answer_and_the_answer_to_that_are_one_conversation_in_both_directions()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId question = await ReceiveAsync(mailbox, "Message-ID: <q@x>");
        EmailId other = await ReceiveAsync(mailbox, "Message-ID: <other@x>");
        EmailId answer = await SubmitAsync(mailbox, "Message-ID: <a@here>", "In-Reply-To: <q@x>", "References: <q@x>");
        EmailId thanks = await ReceiveAsync(mailbox, "Message-ID: <t@x>", "In-Reply-To: <a@here>", "References: <q@x> <a@here>");
        EmailId forwarded = await ReceiveAsync(mailbox, "References: <q@x> <unknown@x>");
        await ReopenAsync();

        Assert.Equal(question, await ConversationOfAsync(question));
        Assert.Equal(other, await ConversationOfAsync(other));
        Assert.Equal(question, await ConversationOfAsync(answer));
        Assert.Equal(question, await ConversationOfAsync(thanks));
        Assert.Equal(question, await ConversationOfAsync(forwarded));
        Assert.Equal([question, answer, thanks, forwarded], await ReadFeedAsync(new() { Conversation = question }, 3));
        Assert.Equal([other], await ReadFeedAsync(new() { Conversation = other }, 3));
        // A claim shows it as well.
        Assert.Equal(question, (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(mailbox), Clock.GetUtcNow(), Cancellation))!.Conversation);
    }

    [Fact]
    public async Task What_an_email_answers_is_in_in_reply_to_before_it_is_in_references_and_there_the_last_counts()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId first = await ReceiveAsync(mailbox, "Message-ID: <1@x>");
        EmailId second = await ReceiveAsync(mailbox, "Message-ID: <2@x>");

        Assert.Equal(first, await ConversationOfAsync(await ReceiveAsync(mailbox, "In-Reply-To: <1@x>", "References: <1@x> <2@x>")));
        Assert.Equal(second, await ConversationOfAsync(await ReceiveAsync(mailbox, "References: <1@x> <2@x>")));
        Assert.Equal(second, await ConversationOfAsync(await ReceiveAsync(mailbox, "In-Reply-To: Your message of Sunday <2@x> (mine)")));
        EmailId neither = await ReceiveAsync(mailbox, "In-Reply-To: 1@x", "References: <1@x <2@x", "Subject: <1@x>");
        Assert.Equal(neither, await ConversationOfAsync(neither));
    }

    [Fact]
    public async Task A_message_id_without_its_brackets_is_answered_with_them()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId question = await ReceiveAsync(mailbox, "Message-ID: bare@x");
        EmailId commented = await ReceiveAsync(mailbox, "Message-ID: <c@x> (added by relay)");

        Assert.Equal(question, await ConversationOfAsync(await ReceiveAsync(mailbox, "In-Reply-To: <bare@x>")));
        Assert.Equal(commented, await ConversationOfAsync(await ReceiveAsync(mailbox, "In-Reply-To: <c@x>")));
    }

    [Fact]
    public async Task The_copies_of_one_letter_in_several_mailboxes_are_one_conversation()
    {
        MailboxId ada = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId bob = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        EmailId sent = await SubmitAsync(ada, "Message-ID: <letter@here>");
        EmailId received = await ReceiveAsync(bob, "Received: by a relay", "Message-ID: <letter@here>");

        Assert.Equal(sent, await ConversationOfAsync(received));
        Assert.Equal(sent, await ConversationOfAsync(await SubmitAsync(bob, "In-Reply-To: <letter@here>")));
        Assert.Equal([received], await ReadFeedAsync(new() { Conversation = sent, Mailbox = bob, Direction = EmailDirection.Incoming }, 3));
        Assert.Equal([sent], await ReadFeedAsync(new() { Conversation = sent, Mailbox = ada, State = EmailState.PendingSend }, 3));
        Assert.Equal([received], await ReadFeedAsync(new() { Conversation = sent, IsUnacknowledged = true }, 3));
        Assert.Empty(await ReadFeedAsync(new() { Conversation = sent, State = EmailState.Failed }, 3));
        Assert.Empty(await ReadFeedAsync(new() { Conversation = sent, State = EmailState.PendingSend, Direction = EmailDirection.Incoming }, 3));
        Assert.Equal(2, await Store.Emails.CountAsync(new() { Conversation = sent, Mailbox = bob }, Cancellation));
        // What is a part of another conversation is none of its own.
        Assert.Empty(await ReadFeedAsync(new() { Conversation = received }, 3));
    }

    [Fact]
    public async Task An_answer_that_comes_before_its_question_stays_where_it_is()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId answer = await ReceiveAsync(mailbox, "Message-ID: <a@x>", "In-Reply-To: <q@x>");
        EmailId question = await ReceiveAsync(mailbox, "Message-ID: <q@x>");

        Assert.Equal(answer, await ConversationOfAsync(answer));
        Assert.Equal(question, await ConversationOfAsync(question));
        Assert.Equal(answer, await ConversationOfAsync(await ReceiveAsync(mailbox, "In-Reply-To: <a@x>", "References: <q@x> <a@x>")));
    }

    [Theory, InlineData(19, true), InlineData(20, false), InlineData(2000, false)]
    public async Task Of_thousands_of_references_the_last_twenty_are_looked_at(int unknown, bool isFound)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId question = await ReceiveAsync(mailbox, "Message-ID: <q@x>");
        EmailId answer = await ReceiveAsync(mailbox, $"References: <q@x>{string.Concat(Enumerable.Range(0, unknown).Select(number => $" <{number}>"))}");

        Assert.Equal(isFound ? question : answer, await ConversationOfAsync(answer));
    }

    [Fact]
    public async Task A_conversation_whose_first_email_was_deleted_goes_on_under_its_id()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId question = await ReceiveAsync(mailbox, "Message-ID: <q@x>");
        Clock.Advance(TimeSpan.FromDays(2));
        EmailId answer = await ReceiveAsync(mailbox, "Message-ID: <a@x>", "In-Reply-To: <q@x>");
        Assert.Equal(1, await Store.Emails.DeleteOldAsync(Start.AddDays(1), Cancellation));

        EmailId thanks = await ReceiveAsync(mailbox, "In-Reply-To: <a@x>");
        EmailId lateAnswer = await ReceiveAsync(mailbox, "In-Reply-To: <q@x>");

        Assert.Equal(question, await ConversationOfAsync(thanks));
        Assert.Equal([answer, thanks], await ReadFeedAsync(new() { Conversation = question }, 3));
        Assert.Equal(lateAnswer, await ConversationOfAsync(lateAnswer));
        Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(3, await Store.Emails.DeleteOldAsync(Clock.GetUtcNow().AddDays(-1), Cancellation));
        Assert.Empty(await ReadFeedAsync(new() { Conversation = question }, 3));
    }

    [Fact]
    public async Task A_number_in_the_subject_leads_to_the_conversation_that_it_was_last_given_to_while_the_setting_is_on()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId before = await ReceiveAsync(mailbox, "Message-ID: <q@x>");
        int number = await Store.Outgoing.TakeTrackingNumberAsync(Cancellation);
        Assert.Equal(number + 1, await Store.Outgoing.TakeTrackingNumberAsync(Cancellation));
        Submission numbered = new(mailbox, "", ["b@example.com"]) { TrackingNumber = number };
        EmailId answer = await Store.SubmitAsync(numbered, Header("In-Reply-To: <q@x>"), Cancellation);
        string subject = $"Subject: {TrackingToken.Append("Re: Invoice", number)}";

        EmailId ignored = await ReceiveAsync(mailbox, subject);
        Assert.Equal(ignored, await ConversationOfAsync(ignored));

        await Store.Settings.UpdateAsync(await Store.Settings.ReadAsync(Cancellation) with { UseTrackingTokens = true }, Cancellation);
        await ReopenAsync();
        Assert.Equal(before, await ConversationOfAsync(answer));
        Assert.Equal(before, await ConversationOfAsync(await ReceiveAsync(mailbox, subject)));
        EmailId elsewhere = await ReceiveAsync(mailbox, "Message-ID: <e@x>", $"Subject: {TrackingToken.Append("", number + 1)}");
        Assert.Equal(elsewhere, await ConversationOfAsync(elsewhere));
        Assert.Equal(elsewhere, await ConversationOfAsync(await ReceiveAsync(mailbox, "In-Reply-To: <e@x>", subject)));

        EmailId again = await Store.SubmitAsync(numbered, Header("Message-ID: <new@here>"), Cancellation);
        Assert.Equal(again, await ConversationOfAsync(await ReceiveAsync(mailbox, subject)));
    }

    private static byte[] Header(params string[] fields) => Encoding.UTF8.GetBytes(string.Concat(fields.Select(field => $"{field}\r\n")) + "\r\n");

    private Task<EmailId> ReceiveAsync(MailboxId mailbox, params string[] fields) =>
        Store.ReceiveAsync(mailbox, Guid.NewGuid().ToString(), Header(fields), Cancellation);

    private async Task<EmailId> SubmitAsync(MailboxId mailbox, params string[] fields) =>
        await Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), Header(fields), Cancellation);

    private async Task<EmailId> ConversationOfAsync(EmailId email) => (await Store.Emails.FindAsync(email, Cancellation))!.Conversation;
}
