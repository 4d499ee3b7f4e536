using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>What Prometheus is told.</summary>
public sealed class MetricsTests : IDisposable
{
    // Of a name of its own, so that no other test measures by it.
    private readonly Meter _meter = new($"EmailSync.Test{Guid.NewGuid():N}");
    private readonly Measurements _measurements = new();

    [Fact]
    public void A_counter_a_gauge_and_a_histogram_are_written_as_Prometheus_reads_them()
    {
        Counter<long> counter = _meter.CreateCounter<long>("mail.sent.content", "By", "What was\nsent.");
        UpDownCounter<int> open = _meter.CreateUpDownCounter<int>("mail.sessions", "{session}", "Sessions.");
        _meter.CreateObservableGauge("mail.age", () => 2.5, "s", "The oldest.");
        Histogram<double> duration = _meter.CreateHistogram("mail.duration", "s", "How long.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        counter.Add(3, new KeyValuePair<string, object?>("error.type", "5\"5\\0"));
        counter.Add(4, new KeyValuePair<string, object?>("error.type", "5\"5\\0"));
        open.Add(2);
        open.Add(-1);
        duration.Record(0.1);
        duration.Record(0.5);
        duration.Record(7);

        Assert.Equal(
            """
            # HELP mail_age_seconds The oldest.
            # TYPE mail_age_seconds gauge
            mail_age_seconds{otel_scope_name="METER"} 2.5
            # HELP mail_duration_seconds How long.
            # TYPE mail_duration_seconds histogram
            mail_duration_seconds_bucket{otel_scope_name="METER",le="0.1"} 1
            mail_duration_seconds_bucket{otel_scope_name="METER",le="1"} 2
            mail_duration_seconds_bucket{otel_scope_name="METER",le="+Inf"} 3
            mail_duration_seconds_sum{otel_scope_name="METER"} 7.6
            mail_duration_seconds_count{otel_scope_name="METER"} 3
            # HELP mail_sent_content_bytes_total What was\nsent.
            # TYPE mail_sent_content_bytes_total counter
            mail_sent_content_bytes_total{otel_scope_name="METER",error_type="5\"5\\0"} 7
            # HELP mail_sessions Sessions.
            # TYPE mail_sessions gauge
            mail_sessions{otel_scope_name="METER"} 1

            """.Replace("METER", _meter.Name, StringComparison.Ordinal),
            PrometheusText.Write(Own()));
    }

    [Fact]
    public void Attributes_without_end_are_added_up_in_one_series()
    {
        Counter<long> counter = _meter.CreateCounter<long>("mail.endless");
        for (int i = 0; i < Measurements.MaxSeries + 500; i++)
            counter.Add(1, new KeyValuePair<string, object?>("word", i));

        MeasuredSeries[] series = [.. Own().Single().Series];

        Assert.Equal(Measurements.MaxSeries + 1, series.Length);
        Assert.Equal(500, Assert.Single(series, one => one.Labels.Contains("otel_metric_overflow=\"true\"", StringComparison.Ordinal)).Read().Sum);
    }

    [Fact]
    public void What_is_counted_without_attributes_costs_nothing_once_it_is_known()
    {
        Counter<long> counter = _meter.CreateCounter<long>("mail.received");
        counter.Add(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            counter.Add(1);
        long after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(0, after - before);
        Assert.Equal(1001, Own().Single().Series.Single().Read().Sum);
    }

    [Fact]
    public void A_meter_that_is_gone_is_forgotten()
    {
        _meter.CreateCounter<long>("mail.sent").Add(1);
        Assert.Single(Own());

        _meter.Dispose();

        Assert.Empty(Own());
    }

    [Fact]
    public async Task Polls_and_the_disk_show_and_nobodys_name_does()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PatchAsync("settings", new JsonObject { ["approvalRequiredForUsers"] = false });
        await host.PostAsync("mailboxes", host.MailboxInput());
        string test = (await host.PostAsync("mailboxes/mbx_1/test")).String("id");
        // It ends with the test.
        Assert.Equal(200, (await host.GetAsync($"tests/{test}/events")).Status);

        string page = await PageAsync(host, await host.TokenAsync("application"));

        Assert.Contains("pop3_client_operation_duration_seconds_count{otel_scope_name=\"EmailSync.Protocols.Pop3\",pop3_operation_name=\"sign_in\"", page, StringComparison.Ordinal);
        Assert.Contains("smtp_client_sent_messages_total{otel_scope_name=\"EmailSync.Protocols.Smtp\"}", page, StringComparison.Ordinal);
        Assert.Contains("tls_client_operation_duration_seconds_count", page, StringComparison.Ordinal);
        Assert.Contains("emailsync_store_write_duration_seconds_count{otel_scope_name=\"EmailSync.Store\"}", page, StringComparison.Ordinal);
        Assert.Contains("dotnet_process_memory_working_set_bytes", page, StringComparison.Ordinal);
        Assert.DoesNotContain("lab.example", page, StringComparison.Ordinal);
        Assert.DoesNotContain("localhost", page, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _measurements.Dispose();
        _meter.Dispose();
    }

    private IEnumerable<MeasuredInstrument> Own() => _measurements.Read().Where(measured => measured.Instrument.Meter.Name == _meter.Name);

    private static async Task<string> PageAsync(ApiHost host, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri("/metrics", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await host.Tcp.SendAsync(request, ApiHost.Timeout);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return await response.Content.ReadAsStringAsync(ApiHost.Timeout);
    }
}
