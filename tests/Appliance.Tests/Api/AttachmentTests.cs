using System.Text;
using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>What an application reads of a message without understanding MIME.</summary>
public sealed class AttachmentTests
{
    private const string Message =
        """
        From: Ann <ann@example.com>
        Reply-To: desk@example.com
        To: user0001@lab.example
        Subject: files
        Message-ID: <3@example.com>
        In-Reply-To: <2@example.com>
        References: <1@example.com> <2@example.com>
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/plain

        See the files.
        --b
        Content-Type: image/png; name=logo.png
        Content-Disposition: inline
        Content-Transfer-Encoding: base64

        iVBORw0KGgo=
        --b
        Content-Type: application/pdf
        Content-Disposition: attachment; filename*=UTF-8''%C3%BCbersicht.pdf
        Content-Transfer-Encoding: base64

        JVBERi0=
        --b
        Content-Type: message/rfc822

        Subject: inner

        Hello.
        --b
        Content-Type: text/html
        Content-Disposition: attachment; filename="../../x.html"

        <script>alert(1)</script>
        --b--

        """;

    [Fact]
    public async Task Attachments_are_listed_with_name_type_and_size_and_read_one_by_one()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        string id = await SubmitAsync(host, Message);

        Answer email = await host.GetAsync($"emails/{id}");

        Assert.Equal(
            [(1, "logo.png", "image/png", 8), (2, "übersicht.pdf", "application/pdf", 5), (3, null, "message/rfc822", 24), (4, "../../x.html", "text/html", 25)],
            email.Json["attachments"]!.AsArray().Select(each => ((int)each!["number"]!, (string?)each["name"], (string)each["contentType"]!, (int)each["size"]!)));
        using HttpResponseMessage pdf = await host.Socket.GetAsync($"emails/{id}/attachments/2", ApiHost.Timeout);
        Assert.Equal("%PDF-", await pdf.Content.ReadAsStringAsync(ApiHost.Timeout));
        Assert.Equal("übersicht.pdf", pdf.Content.Headers.ContentDisposition!.FileNameStar);
        using HttpResponseMessage page = await host.Socket.GetAsync($"emails/{id}/attachments/4", ApiHost.Timeout);
        Assert.Equal(
            ("attachment", "application/octet-stream", "nosniff"),
            (page.Content.Headers.ContentDisposition!.DispositionType, page.Content.Headers.ContentType!.MediaType, page.Headers.GetValues("X-Content-Type-Options").Single()));
        Assert.Equal(404, (await host.GetAsync($"emails/{id}/attachments/5")).Status);
        Assert.Equal(404, (await host.GetAsync($"emails/{id}/attachments/0")).Status);
        Assert.Null((await host.GetAsync("emails")).Json["items"]![0]!["attachments"]);
    }

    [Fact]
    public async Task What_an_email_answers_is_shown()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        string id = await SubmitAsync(host, Message);

        Answer email = await host.GetAsync($"emails/{id}");

        Assert.Equal(
            ("desk@example.com", "<2@example.com>", "<1@example.com> <2@example.com>"), (email.String("replyTo"), email.String("inReplyTo"), email.String("references")));
    }

    [Theory]
    [InlineData("no header at all")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n")]
    [InlineData("Content-Type: text/plain; name=a; name=b; name*0*=%\n\nx")]
    [InlineData("Content-Type: application/pdf\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n!!!not base64!!!")]
    public async Task A_message_that_is_no_good_MIME_can_be_asked_for_all_the_same(string message)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        string id = await SubmitAsync(host, message);

        Assert.Equal(200, (await host.GetAsync($"emails/{id}")).Status);
    }

    private static async Task<string> SubmitAsync(ApiHost host, string message)
    {
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        using HttpRequestMessage request = new(HttpMethod.Post, "emails/raw?mailbox=mbx_1&to=user0002@lab.example&sendAt=2999-01-01T00:00:00Z")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n"))) { Headers = { ContentType = new("message/rfc822") } },
        };
        using HttpResponseMessage response = await host.Socket.SendAsync(request, ApiHost.Timeout);
        string text = await response.Content.ReadAsStringAsync(ApiHost.Timeout);
        Assert.True((int)response.StatusCode == 202, text);
        return (string)JsonNode.Parse(text)!["id"]!;
    }
}
