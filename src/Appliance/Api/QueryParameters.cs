using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Refuses query parameters that an endpoint does not know: a filter that is misspelt would otherwise let everything through. Which ones it knows
/// is read where the OpenAPI document is made from.
/// </summary>
public sealed class QueryParameters
{
    private readonly Lazy<Dictionary<(string Method, string Path), string[]>> _known;

    /// <summary>Asks <paramref name="descriptions"/> at the first request, when all routes are mapped.</summary>
    public QueryParameters(IApiDescriptionGroupCollectionProvider descriptions) =>
        _known = new(() => descriptions.ApiDescriptionGroups.Items.SelectMany(group => group.Items)
            .Where(endpoint => endpoint.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true).ToDictionary(
            endpoint => (endpoint.HttpMethod ?? "", "/" + endpoint.RelativePath?.TrimEnd('/')),
            endpoint => endpoint.ParameterDescriptions.Where(parameter => parameter.Source == BindingSource.Query).Select(parameter => parameter.Name).ToArray()));

    /// <summary>Refuses a request that has others.</summary>
    /// <exception cref="InvalidRequestException">It has.</exception>
    public void Check(HttpContext context)
    {
        if (context.Request.Query.Count == 0 || context.GetEndpoint() is not RouteEndpoint endpoint
            || !_known.Value.TryGetValue((context.Request.Method, endpoint.RoutePattern.RawText?.TrimEnd('/') ?? ""), out string[]? known))
            return;
        Faults faults = new();
        foreach (string name in context.Request.Query.Keys.Except(known, StringComparer.OrdinalIgnoreCase))
            faults.Add(name, null, "There is no such query parameter here.", known.Length == 0 ? "Leave it out." : $"There are {string.Join(", ", known)}.");
        faults.ThrowIfAny();
    }
}
